--- Streams the answers of language models into buffers, through a Modelport server.
---
--- Needs Neovim 0.11 and nothing else: the server speaks LSP, so vim.lsp starts it, sends it the
--- requests and ends it. No buffer is attached to it, so the server gets only the prompts.
---
---     require('modelport').setup({ model = 'anthropic/claude-sonnet-4-6' })
---     require('modelport').ask('Write a haiku about buffers')
---     require('modelport').log_in('copilot')

local M = {}

---@class modelport.Config
---@field cmd string[] how the server is started
---@field model string? `provider/model`; without it the active connection is used
---@field system string? instructions sent before every prompt
---@field parameters table? such as `{ temperature = 0.2, max_tokens = 500 }`
---@field start_timeout_ms integer how long the server may take to become ready
---@field on_usage fun(line: string, call: table)? shows the usage of a call; by default a message
---@field open (fun(uri: string): boolean)? opens the page of a log-in; by default vim.ui.open, and nothing over SSH

---@class modelport.AskOptions
---@field model string?
---@field system string?
---@field parameters table?
---@field messages table[]? the earlier messages, as `{ role = 'user', content = '…' }`
---@field bufnr integer? the buffer to write to, by default the current one
---@field position integer[]? row and column to write at, from 0, by default the cursor
---@field below integer? the number of a line, from 1, to write below of, on a line of its own
---@field on_done fun(completion: table?, err: table?)? called once, at the end

---@class modelport.Job
---@field stream_id string
---@field params table
---@field bufnr integer
---@field mark integer the extmark where the next text is inserted
---@field tick integer? the buffer's tick after our last change
---@field on_done fun(completion: table?, err: table?)
---@field number integer rises with each job
---@field request_id integer?

---@type modelport.Config
local config = { cmd = { 'modelport', 'serve' }, start_timeout_ms = 60000 }

local namespace = vim.api.nvim_create_namespace('modelport')
local jobs = {} ---@type table<string, modelport.Job>
local waiting = {} ---@type (fun(client: vim.lsp.Client?, message: string?))[] for a server that is being started
local count = 0
local server = nil ---@type vim.lsp.Client? once it is ready
local starting = false
local starting_id = nil ---@type integer? the client that is to become ready
local last_call = nil ---@type table?
local status = '' ---@type string what the server is busy with, else empty
local REQUEST_CANCELLED = -32800

--- JSON null: nil up to Neovim 0.11, vim.NIL after it.
local function given(value)
  if value ~= vim.NIL then
    return value
  end
end

local function report(message)
  vim.notify('Modelport: ' .. message, vim.log.levels.ERROR)
end

--- A call as one line: `openai/gpt-5: 120 in, 45 out, $0.0012, 1.3 s`.
local function usage_line(call)
  local usage = call.usage
  local about = usage.estimated and '~' or ''
  local parts = {
    ('%s%d in'):format(about, usage.inputTokens),
    ('%s%d out'):format(about, usage.outputTokens),
  }
  local micros = given(usage.usdMicros)
  if micros then
    parts[#parts + 1] = ('$%.4f'):format(micros / 1e6)
  end
  parts[#parts + 1] = ('%.1f s'):format(usage.latencyMs / 1000)
  local outcome = call.outcome == 'ok' and '' or (' (%s)'):format(call.outcome)
  return ('%s/%s: %s%s'):format(call.provider, call.model, table.concat(parts, ', '), outcome)
end

---@param job modelport.Job
local function finish(job, completion, err)
  if not jobs[job.stream_id] then
    return
  end
  jobs[job.stream_id] = nil
  if vim.api.nvim_buf_is_valid(job.bufnr) then
    vim.api.nvim_buf_del_extmark(job.bufnr, namespace, job.mark)
  end
  job.on_done(completion, err)
end

---@param job modelport.Job
local function cancel(job)
  if job.request_id and server then
    server:cancel_request(job.request_id)
  end
  -- Neovim does not pass on the reply to a cancelled request, so the job ends here. The usage of
  -- the call still arrives, as usage/updated.
  finish(job, nil, { code = REQUEST_CANCELLED, message = 'cancelled' })
end

--- Why a buffer must not be written to; nil when it may be. The editor's own functions write to a buffer that is
--- only marked as read-only.
local function protection(bufnr)
  if not vim.bo[bufnr].modifiable then
    return 'this buffer is not modifiable'
  elseif vim.bo[bufnr].readonly then
    return 'this buffer is read-only'
  end
end

--- The marks of earlier answers that end where this one begins: text that is inserted there is not theirs.
---@param job modelport.Job
local function earlier_at(job, at)
  local marks = {}
  for _, other in pairs(jobs) do
    if other.bufnr == job.bufnr and other.number < job.number then
      local mark = vim.api.nvim_buf_get_extmark_by_id(other.bufnr, namespace, other.mark, {})
      if mark[1] == at[1] and mark[2] == at[2] then
        marks[#marks + 1] = other.mark
      end
    end
  end
  return marks
end

---@param job modelport.Job
local function write(job, text)
  local bufnr = job.bufnr
  if not vim.api.nvim_buf_is_loaded(bufnr) then
    return cancel(job)
  end
  local protected = protection(bufnr)
  if protected then
    report(protected)
    return cancel(job)
  end
  local lines = vim.split((text:gsub('\r', '')), '\n', { plain = true })
  local ok, err = pcall(vim.api.nvim_buf_call, bufnr, function()
    local at = vim.api.nvim_buf_get_extmark_by_id(bufnr, namespace, job.mark, {})
    if job.tick == vim.api.nvim_buf_get_changedtick(bufnr) then
      -- The buffer has had no other change, so one undo shall remove the whole answer. undojoin
      -- fails right after an undo, and then the remaining text is a change of its own.
      pcall(vim.cmd.undojoin)
    end
    local earlier = earlier_at(job, at)
    vim.api.nvim_buf_set_text(bufnr, at[1], at[2], at[1], at[2], lines)
    for _, mark in ipairs(earlier) do
      vim.api.nvim_buf_set_extmark(bufnr, namespace, at[1], at[2], { id = mark })
    end
    job.tick = vim.api.nvim_buf_get_changedtick(bufnr)
  end)
  if not ok then
    report(tostring(err))
    cancel(job)
  end
end

local function show_status(text)
  if status ~= text then
    status = text
    vim.cmd.redrawstatus({ bang = true })
  end
end

local function log_ins()
  return require('modelport.log_in')
end

local handlers = {
  ['completion/update'] = function(_, params)
    local job = jobs[params.streamId]
    if job and params.update.kind == 'text' then
      write(job, params.update.text)
    end
  end,
  ['usage/updated'] = function(_, params)
    last_call = params.call
    local line = usage_line(params.call)
    if config.on_usage then
      config.on_usage(line, params.call)
    else
      vim.api.nvim_echo({ { line, 'Comment' } }, true, {})
    end
  end,
  ['status/changed'] = function(_, params)
    show_status(params.busy and (given(params.message) or 'busy') or '')
  end,
  ['credential/update'] = function(_, params)
    log_ins().show(params)
  end,
  -- The editor's own handler waits for the program that opens the page, and kills it after two seconds.
  ['window/showDocument'] = function(_, params)
    return { success = log_ins().open(params.uri, config.open) }
  end,
}

---@param job modelport.Job
local function fail(job, message)
  report(message)
  finish(job, nil, { message = message })
end

---@param job modelport.Job
local function send(job)
  local encoded, ok, request_id = pcall(server.request, server, 'completion/create', job.params, function(err, completion)
    if err and jobs[job.stream_id] then
      report(err.message)
    end
    finish(job, completion, err)
  end, job.bufnr)
  if not encoded then
    fail(job, 'the request cannot be sent: ' .. tostring(ok))
  elseif ok then
    job.request_id = request_id
  else
    finish(job, nil, { message = 'the server is gone' })
  end
end

---@param client vim.lsp.Client?
---@param message string? why there is no client
local function serve_waiting(client, message)
  local callbacks = waiting
  waiting = {}
  for _, callback in ipairs(callbacks) do
    callback(client, message)
  end
end

local function fail_all(message)
  for _, job in ipairs(vim.tbl_values(jobs)) do
    fail(job, message)
  end
  serve_waiting(nil, message)
end

--- Ends a server that does not become ready, and the requests that wait for it.
local function give_up(id)
  local client = vim.lsp.get_client_by_id(id)
  if not starting or starting_id ~= id then
    return
  end
  starting, starting_id = false, nil
  if client then
    client:stop(true)
  end
  fail_all('the server did not become ready: run `modelport doctor`')
end

--- Starts the server; the waiting requests are sent when it is ready.
local function start()
  starting = true
  local id = vim.lsp.start({
    name = 'modelport',
    cmd = config.cmd,
    root_dir = vim.fs.root(0, '.git') or vim.fn.getcwd(),
    handlers = handlers,
    on_init = function(client)
      server, starting = client, false
      for _, job in ipairs(vim.tbl_values(jobs)) do
        send(job)
      end
      serve_waiting(client)
    end,
    on_exit = vim.schedule_wrap(function(_, _, id)
      if id ~= (server and server.id or starting_id) then
        -- Of a server that was given up; another one may be starting.
        return
      end
      server, starting, starting_id = nil, false, nil
      show_status('')
      for _, job in ipairs(vim.tbl_values(jobs)) do
        report('the server ended before the answer was complete: run `modelport doctor`')
        finish(job, nil, { message = 'the server is gone' })
      end
      serve_waiting(nil, 'the server ended: run `modelport doctor`')
      log_ins().server_gone()
    end),
  }, { attach = false })
  if id then
    starting_id = id
    vim.defer_fn(function()
      give_up(id)
    end, config.start_timeout_ms)
  else
    starting = false
  end
  return id ~= nil
end

--- The length of the character at a byte, as UTF-8 has it; nil where there is none.
local function character_length(text, at)
  local first, second = text:byte(at, at + 1)
  if first < 0x80 then
    return 1
  end
  local length = (first >= 0xC2 and first <= 0xDF) and 2
    or (first >= 0xE0 and first <= 0xEF) and 3
    or (first >= 0xF0 and first <= 0xF4) and 4
  -- Overlong forms, halves of surrogates and what lies above Unicode.
  local low = first == 0xE0 and 0xA0 or first == 0xF0 and 0x90 or 0x80
  local high = first == 0xED and 0x9F or first == 0xF4 and 0x8F or 0xBF
  if not length or not second or second < low or second > high then
    return nil
  end
  for place = at + 2, at + length - 1 do
    local byte = text:byte(place)
    if not byte or byte < 0x80 or byte > 0xBF then
      return nil
    end
  end
  return length
end

--- The value with every byte that is no UTF-8 replaced: a buffer may hold any bytes, which JSON may not, and the server
--- could not tell which request it was that it cannot read.
local function clean(value)
  if type(value) == 'table' then
    -- An empty table is an object by its metatable.
    return setmetatable(vim.tbl_map(clean, value), getmetatable(value))
  elseif type(value) ~= 'string' or not value:find('[\128-\255]') then
    return value
  end
  local parts, at = {}, 1
  while at <= #value do
    local length = character_length(value, at)
    parts[#parts + 1] = length and value:sub(at, at + length - 1) or '\u{FFFD}'
    at = at + (length or 1)
  end
  return table.concat(parts)
end

--- The position after the cursor, as for `a`; in Insert mode the cursor itself.
local function at_cursor()
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  local line = vim.api.nvim_get_current_line()
  if not vim.startswith(vim.api.nvim_get_mode().mode, 'i') and col < #line then
    col = col + vim.str_utf_end(line, col + 1) + 1
  end
  return { row - 1, col }
end

--- Overrides the defaults.
---@param options modelport.Config?
function M.setup(options)
  config = vim.tbl_extend('force', config, options or {})
end

--- Sends a prompt, and writes the answer at the cursor as it arrives. Returns at once.
---@param prompt string
---@param options modelport.AskOptions?
---@return string? stream_id nil when the server cannot be started
function M.ask(prompt, options)
  options = options or {}
  local bufnr = options.bufnr or vim.api.nvim_get_current_buf()
  local protected = protection(bufnr)
  if protected then
    report(protected)
    return nil
  end
  local below = options.below
  if below then
    vim.api.nvim_buf_set_lines(bufnr, below, below, true, { '' })
  end
  local at = below and { below, 0 }
    or options.position
    or (bufnr == vim.api.nvim_get_current_buf() and at_cursor())
    or { vim.api.nvim_buf_line_count(bufnr) - 1, #vim.api.nvim_buf_get_lines(bufnr, -2, -1, true)[1] }
  count = count + 1
  local messages = vim.deepcopy(options.messages or {})
  messages[#messages + 1] = { role = 'user', content = prompt }
  ---@type modelport.Job
  local job = {
    stream_id = ('nvim-%d'):format(count),
    number = count,
    bufnr = bufnr,
    mark = vim.api.nvim_buf_set_extmark(bufnr, namespace, at[1], at[2], {}),
    on_done = options.on_done or function() end,
    params = clean({
      streamId = ('nvim-%d'):format(count),
      -- What stands in the buffer is not taken back.
      resets = false,
      model = options.model or config.model,
      system = options.system or config.system,
      parameters = options.parameters or config.parameters,
      messages = messages,
    }),
  }
  jobs[job.stream_id] = job
  if server then
    send(job)
  elseif not starting and not start() then
    finish(job, nil, { message = 'the server cannot be started' })
    return nil
  end
  return job.stream_id
end

--- Calls back with the server, which is started if necessary, or with why there is none.
---@param callback fun(client: vim.lsp.Client?, message: string?)
function M.with_server(callback)
  if server then
    return callback(server)
  end
  waiting[#waiting + 1] = callback
  if not starting and not start() then
    serve_waiting(nil, 'the server cannot be started')
  end
end

--- Logs in to a provider: what to do is shown until it is done, then the token is in the keyring.
---@param provider string
---@param options modelport.LogInOptions?
function M.log_in(provider, options)
  log_ins().log_in(provider, options)
end

--- Logs out of a provider.
---@param provider string
---@param name string? the connection that the log-in is for
function M.log_out(provider, name)
  log_ins().log_out(provider, name)
end

--- Asks for the address that the browser ended at, for a log-in under way on another machine's browser.
---@param text string? the address; without it the user is asked for it
function M.paste(text)
  log_ins().paste(text)
end

--- Stops the answers that are being written, in one buffer or everywhere; without a buffer also the log-ins under way.
---@param bufnr integer?
function M.cancel(bufnr)
  if bufnr == nil then
    log_ins().cancel_all()
  end
  for _, job in ipairs(vim.tbl_values(jobs)) do
    if bufnr == nil or job.bufnr == bufnr then
      cancel(job)
    end
  end
end

--- How many answers are being written; fit for a status line.
function M.running()
  return vim.tbl_count(jobs)
end

--- What the server is busy with, such as `Asking ollama/qwen3:8b`, or an empty text; fit for a status line,
--- which is drawn again at each change.
function M.status()
  return status
end

--- The last call as one line, or an empty text; fit for a status line.
function M.usage()
  return last_call and usage_line(last_call) or ''
end

return M
