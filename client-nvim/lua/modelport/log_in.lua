--- Logs in to providers: shows what to do until it is done, opens the page, and takes a pasted address.
---
---     :Modelport login copilot

local M = {}

---@class modelport.LogInOptions
---@field name string? the connection that it is for, such as one to a second account
---@field method 'device'|'code'?
---@field on_done fun(status: table?, err: table?)? called once, at the end

---@class modelport.LogIn
---@field provider string
---@field name string?
---@field method string?
---@field on_done fun(status: table?, err: table?)
---@field client vim.lsp.Client?
---@field request_id integer?
---@field update table? what the user has to do
---@field winid integer?

local REQUEST_CANCELLED = -32800
local COMPLETION_MS = 3000
local COMMAND_COLUMNS = 12 -- what 'showcmd' and 'ruler' need of the last line
local running = {} ---@type modelport.LogIn[] the latest one last

--- JSON null: nil up to Neovim 0.11, vim.NIL after it.
local function given(value)
  if value ~= vim.NIL then
    return value
  end
end

local function report(message)
  vim.notify('Modelport: ' .. message, vim.log.levels.ERROR)
end

---@param log_in modelport.LogIn
local function close_window(log_in)
  if log_in.winid and vim.api.nvim_win_is_valid(log_in.winid) then
    vim.api.nvim_win_close(log_in.winid, true)
  end
end

---@param log_in modelport.LogIn
local function finish(log_in, status, err)
  for place, other in ipairs(running) do
    if other == log_in then
      table.remove(running, place)
      close_window(log_in)
      log_in.on_done(status, err)
      return
    end
  end
end

---@param log_in modelport.LogIn
local function cancel(log_in)
  if log_in.client and log_in.request_id then
    log_in.client:cancel_request(log_in.request_id)
  end
  -- Neovim does not pass on the reply to a cancelled request.
  finish(log_in, nil, { code = REQUEST_CANCELLED, message = 'cancelled' })
end

---@param log_in modelport.LogIn
local function fail(log_in, err)
  report(err.message)
  finish(log_in, nil, err)
end

--- What the user has to do, as lines.
---@param log_in modelport.LogIn
local function instructions(log_in)
  local update = log_in.update
  local code, notice = given(update.userCode), given(update.notice)
  local lines = notice and vim.split(notice, '\n', { plain = true }) or {}
  if code then
    vim.list_extend(lines, { 'Enter the code  ' .. code, 'at  ' .. update.verificationUri })
  else
    vim.list_extend(lines, { 'Log in at  ' .. update.verificationUri })
  end
  lines[#lines + 1] = code and 'The code is copied.' or 'The address is copied.'
  if not code then
    lines[#lines + 1] = 'Where the browser is on another machine, paste the address that it ends at: p'
  end
  lines[#lines + 1] = 'Cancel: q'
  return lines
end

--- Opens a window that stays until the log-in has ended.
---@param log_in modelport.LogIn
local function open_window(log_in, lines)
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, true, lines)
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].bufhidden = 'wipe'
  local function map(key, action)
    vim.keymap.set('n', key, action, { buffer = bufnr, nowait = true })
  end
  for _, key in ipairs({ 'q', '<C-c>' }) do
    map(key, function()
      cancel(log_in)
    end)
  end
  map('p', M.paste)
  local longest = 0
  for _, line in ipairs(lines) do
    longest = math.max(longest, vim.fn.strdisplaywidth(line))
  end
  local width = math.max(20, math.min(longest, vim.o.columns - 4))
  local height = 0
  for _, line in ipairs(lines) do
    height = height + math.max(1, math.ceil(vim.fn.strdisplaywidth(line) / width))
  end
  height = math.max(1, math.min(height, vim.o.lines - 4))
  -- A person who types must not be moved to another buffer.
  local enter = vim.api.nvim_get_mode().mode == 'n'
  log_in.winid = vim.api.nvim_open_win(bufnr, enter, {
    relative = 'editor',
    row = math.max(0, math.floor((vim.o.lines - height) / 2) - 1),
    col = math.max(0, math.floor((vim.o.columns - width) / 2)),
    width = width,
    height = height,
    style = 'minimal',
    border = 'rounded',
    title = (' Log in to %s '):format(log_in.name or log_in.provider),
  })
  vim.wo[log_in.winid].wrap = true
end

local function copy(text)
  vim.fn.setreg('"', text)
  if vim.fn.has('clipboard') == 1 then
    -- A provider of the clipboard may be there and fail, as xclip does without a display.
    pcall(vim.fn.setreg, '+', text)
  end
end

--- The log-in that an update is for: one with its name, of the provider or of an alias of it.
local function updated(params)
  local fits = nil
  for place = #running, 1, -1 do
    local log_in = running[place]
    if log_in.name == given(params.name) and not log_in.update then
      if log_in.provider == params.provider then
        return log_in
      end
      fits = fits or log_in
    end
  end
  return fits
end

--- Shows what the user has to do.
---@param params table of credential/update
function M.show(params)
  local log_in = updated(params)
  if not log_in then
    return
  end
  log_in.update = params
  local lines = instructions(log_in)
  local code = given(params.userCode)
  copy(code or params.verificationUri)
  open_window(log_in, lines)
  local line = code and ('Modelport: enter %s at %s'):format(code, params.verificationUri)
    or ('Modelport: log in at %s'):format(params.verificationUri)
  -- It stays in :messages, also where the window is closed. A line that does not fit would wait for Enter.
  if vim.fn.strdisplaywidth(line) < vim.o.columns - COMMAND_COLUMNS then
    vim.api.nvim_echo({ { line } }, true, {})
  end
end

--- Whether the user sits in front of another machine, whose browser cannot be opened from here.
local function is_remote()
  return (vim.env.SSH_CONNECTION or vim.env.SSH_TTY or '') ~= ''
end

--- Opens a page, without waiting for what opens it: some browsers run until they are closed.
---@param uri string
---@param open (fun(uri: string): boolean)? the user's own way
---@return boolean
function M.open(uri, open)
  if open then
    return open(uri) ~= false
  elseif is_remote() then
    return false
  end
  local ok, started = pcall(vim.ui.open, uri)
  return ok and started ~= nil
end

---@param provider string
---@param options modelport.LogInOptions?
function M.log_in(provider, options)
  options = options or {}
  ---@type modelport.LogIn
  local log_in = {
    provider = provider,
    name = options.name,
    method = options.method,
    on_done = options.on_done or function() end,
  }
  running[#running + 1] = log_in
  require('modelport').with_server(function(client, message)
    if not vim.list_contains(running, log_in) then
      -- It was cancelled before the server was ready.
      return
    elseif not client then
      return fail(log_in, { message = message })
    end
    log_in.client = client
    local params = { provider = provider, name = options.name, method = options.method }
    local sent, request_id = client:request('credential/login', params, function(err, status)
      if err then
        return fail(log_in, err)
      end
      finish(log_in, status)
      local whom = given(status.name) and (' for ' .. status.name) or ''
      local where = given(status.location) or status.source
      vim.notify(('Modelport: logged in to %s%s, kept in %s'):format(status.provider, whom, where))
    end)
    if sent then
      log_in.request_id = request_id
    else
      fail(log_in, { message = 'the server is gone' })
    end
  end)
end

--- What a log-out has done, by the credential that is used now.
local function outcome(status, name)
  local source, where = status.source, given(status.location) or status.source
  local stored = (source == 'keyring' or source == 'client') and given(status.name) == name
  if stored and given(status.loggedIn) ~= true then
    -- What a log-in had stored would be deleted, and this is no other account.
    return ('no log-in of %s is stored: its key in %s was typed in, and stays'):format(status.provider, where)
  end
  local now = (source == 'none' or source == 'notRequired') and '' or ('; now %s is used'):format(where)
  return ('logged out of %s%s%s'):format(status.provider, name and (' for ' .. name) or '', now)
end

---@param provider string
---@param name string?
function M.log_out(provider, name)
  require('modelport').with_server(function(client, message)
    if not client then
      return report(message)
    end
    client:request('credential/logout', { provider = provider, name = name }, function(err, status)
      if err then
        return report(err.message)
      end
      vim.notify('Modelport: ' .. outcome(status, name))
    end)
  end)
end

--- Gives the latest log-in that opens a page what the page shows. The text is asked for where no history keeps it.
---@param text string?
function M.paste(text)
  local log_in = nil
  for place = #running, 1, -1 do
    if running[place].update and not given(running[place].update.userCode) then
      log_in = running[place]
      break
    end
  end
  if not log_in then
    return report('no log-in waits for an address: begin one with :Modelport login PROVIDER')
  end
  text = vim.trim(text or vim.fn.inputsecret('The address that the browser ended at: '))
  if text == '' then
    return
  end
  local params = { provider = log_in.update.provider, name = log_in.name, text = text }
  log_in.client:request('credential/input', params, function(err)
    if err then
      report(err.message)
    end
  end)
end

--- Ends all log-ins that are under way.
function M.cancel_all()
  for _, log_in in ipairs(vim.list_slice(running)) do
    cancel(log_in)
  end
end

--- Ends the log-ins of a server that is gone.
function M.server_gone()
  for _, log_in in ipairs(vim.list_slice(running)) do
    fail(log_in, { message = 'the server ended before the log-in was complete: run `modelport doctor`' })
  end
end

--- How many log-ins are under way.
function M.running()
  return #running
end

--- The providers that have a log-in, for completion; the server is started for it.
---@return string[]
function M.providers()
  local server, done = nil, false
  require('modelport').with_server(function(client)
    server, done = client, true
  end)
  vim.wait(COMPLETION_MS, function()
    return done
  end, 10)
  local reply = server and server:request_sync('provider/list', vim.empty_dict(), COMPLETION_MS)
  local found = {}
  for _, provider in ipairs(reply and reply.result and reply.result.providers or {}) do
    if given(provider.loginMethods) then
      found[#found + 1] = provider.id
    end
  end
  return found
end

return M
