--- Streams the answers of language models into buffers, through a Modelport server.
---
--- Needs Neovim 0.11 and nothing else: the server speaks LSP, so vim.lsp starts it, sends it the
--- requests and ends it. No buffer is attached to it, so the server gets only the prompts.
---
---     require('modelport').setup({ model = 'anthropic/claude-sonnet-4-6' })
---     require('modelport').ask('Write a haiku about buffers')

local M = {}

---@class modelport.Config
---@field cmd string[] how the server is started
---@field model string? `provider/model`; without it the active connection is used
---@field system string? instructions sent before every prompt
---@field parameters table? such as `{ temperature = 0.2, max_tokens = 500 }`
---@field on_usage fun(line: string, call: table)? shows the usage of a call; by default a message

---@class modelport.AskOptions
---@field model string?
---@field system string?
---@field parameters table?
---@field messages table[]? the earlier messages, as `{ role = 'user', content = '…' }`
---@field bufnr integer? the buffer to write to, by default the current one
---@field position integer[]? row and column to write at, from 0, by default the cursor
---@field on_done fun(completion: table?, err: table?)? called once, at the end

---@class modelport.Job
---@field stream_id string
---@field params table
---@field bufnr integer
---@field mark integer the extmark where the next text is inserted
---@field tick integer? the buffer's tick after our last change
---@field on_done fun(completion: table?, err: table?)
---@field request_id integer?

---@type modelport.Config
local config = { cmd = { 'modelport', 'serve' } }

local namespace = vim.api.nvim_create_namespace('modelport')
local jobs = {} ---@type table<string, modelport.Job>
local count = 0
local server = nil ---@type vim.lsp.Client? once it is ready
local starting = false
local last_call = nil ---@type table?
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

---@param job modelport.Job
local function write(job, text)
  local bufnr = job.bufnr
  if not vim.api.nvim_buf_is_loaded(bufnr) then
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
    vim.api.nvim_buf_set_text(bufnr, at[1], at[2], at[1], at[2], lines)
    job.tick = vim.api.nvim_buf_get_changedtick(bufnr)
  end)
  if not ok then
    report(tostring(err))
    cancel(job)
  end
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
  ['status/changed'] = function() end,
}

---@param job modelport.Job
local function send(job)
  local ok, request_id = server:request('completion/create', job.params, function(err, completion)
    if err and jobs[job.stream_id] then
      report(err.message)
    end
    finish(job, completion, err)
  end, job.bufnr)
  if ok then
    job.request_id = request_id
  else
    finish(job, nil, { message = 'the server is gone' })
  end
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
    end,
    on_exit = vim.schedule_wrap(function()
      server, starting = nil, false
      for _, job in ipairs(vim.tbl_values(jobs)) do
        report('the server ended before the answer was complete: run `modelport doctor`')
        finish(job, nil, { message = 'the server is gone' })
      end
    end),
  }, { attach = false })
  if not id then
    starting = false
  end
  return id ~= nil
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
  if not vim.bo[bufnr].modifiable then
    report('this buffer is not modifiable')
    return nil
  end
  local at = options.position
    or (bufnr == vim.api.nvim_get_current_buf() and at_cursor())
    or { vim.api.nvim_buf_line_count(bufnr) - 1, #vim.api.nvim_buf_get_lines(bufnr, -2, -1, true)[1] }
  count = count + 1
  local messages = vim.deepcopy(options.messages or {})
  messages[#messages + 1] = { role = 'user', content = prompt }
  ---@type modelport.Job
  local job = {
    stream_id = ('nvim-%d'):format(count),
    bufnr = bufnr,
    mark = vim.api.nvim_buf_set_extmark(bufnr, namespace, at[1], at[2], {}),
    on_done = options.on_done or function() end,
    params = {
      streamId = ('nvim-%d'):format(count),
      model = options.model or config.model,
      system = options.system or config.system,
      parameters = options.parameters or config.parameters,
      messages = messages,
    },
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

--- Stops the answers that are being written, in one buffer or everywhere.
---@param bufnr integer?
function M.cancel(bufnr)
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

--- The last call as one line, or an empty text; fit for a status line.
function M.usage()
  return last_call and usage_line(last_call) or ''
end

return M
