-- Log-ins as a person makes them in Neovim, for test_neovim_log_in.py; see neovim.lua.

local modelport = require('modelport')
local log_in = require('modelport.log_in')
local seen = { notified = {} }
vim.notify = function(message)
  table.insert(seen.notified, message)
end
vim.cmd.runtime('plugin/modelport.lua')

local function wait(condition, what)
  assert(vim.wait(10000, condition, 5), 'waited in vain for ' .. what .. ': ' .. vim.inspect(seen))
end

local function idle()
  return log_in.running() == 0
end

--- The window of a log-in: its lines, its title, and whether the cursor is in it.
local function shown()
  for _, winid in ipairs(vim.api.nvim_list_wins()) do
    local config = vim.api.nvim_win_get_config(winid)
    if config.relative ~= '' then
      return {
        lines = vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(winid), 0, -1, true),
        title = config.title[1][1],
        entered = winid == vim.api.nvim_get_current_win(),
      }
    end
  end
end

local function wait_for_window()
  wait(shown, 'the window')
  return shown()
end

local function press(keys)
  vim.api.nvim_feedkeys(vim.keycode(keys), 'tx', false)
end

--- The page of a window that shows no code.
local function page(window)
  return table.concat(window.lines, ' '):match('Log in at  (%S+)')
end

--- Where a browser on another machine ends at.
local function back_from(uri)
  local argv = vim.list_extend(vim.json.decode(vim.env.MODELPORT_BROWSER), { uri })
  return vim.trim(vim.system(argv, { env = { ELSEWHERE = '1', SEEN = '' } }):wait().stdout)
end

local scenarios = {}

--- The device flow, with a browser that takes its time.
function scenarios.device()
  vim.cmd('Modelport login acme')
  seen.window = wait_for_window()
  seen.register = vim.fn.getreg('"')
  seen.messages = vim.fn.execute('messages')
  wait(idle, 'the end')
  seen.after = shown() or 'closed'
  wait(function()
    return #seen.notified > 0
  end, 'the notice')
end

--- The code flow on a machine that the browser cannot reach.
function scenarios.paste()
  vim.cmd('Modelport login acme work --method=code')
  seen.window = wait_for_window()
  seen.register = vim.fn.getreg('"')
  local back = back_from(page(seen.window))
  -- What is typed at an ordinary prompt is kept in a history, which is written to a file.
  local ask = vim.fn.inputsecret
  vim.fn.inputsecret = function(...)
    seen.hidden = (seen.hidden or 0) + 1
    return ask(...)
  end
  press('phello there<CR>')
  wait(function()
    return #seen.notified > 0
  end, 'the refusal')
  seen.still = shown() ~= nil
  press('p' .. back .. '<CR>')
  wait(idle, 'the end')
end

--- Two keys and a command that cancel.
function scenarios.cancel()
  seen.pages, seen.codes = {}, {}
  for _, how in ipairs({ 'q', '<C-c>', ':ModelportCancel<CR>' }) do
    modelport.log_in('acme', {
      method = 'code',
      on_done = function(_, err)
        table.insert(seen.codes, err.code)
      end,
    })
    table.insert(seen.pages, page(wait_for_window()))
    press(how)
    seen.after = shown() or 'closed'
  end
  -- The server has read the cancellations when it has answered this.
  vim.lsp.get_clients({ name = 'modelport' })[1]:request_sync('credential/list', vim.empty_dict(), 5000)
  seen.running = log_in.running()
end

--- A person who types goes on typing.
function scenarios.typing()
  vim.cmd.enew()
  local here = vim.api.nvim_get_current_win()
  vim.api.nvim_get_mode = function()
    return { mode = 'i', blocking = false }
  end
  modelport.log_in('acme')
  seen.window = wait_for_window()
  seen.stays = vim.api.nvim_get_current_win() == here
  modelport.cancel()
  seen.after = shown() or 'closed'
end

--- Refusals, log-outs and the names that are completed.
function scenarios.others()
  seen.subcommands = vim.fn.getcompletion('Modelport lo', 'cmdline')
  seen.providers = vim.fn.getcompletion('Modelport login ', 'cmdline')
  seen.methods = vim.fn.getcompletion('Modelport login acme --m', 'cmdline')
  local client = vim.lsp.get_clients({ name = 'modelport' })[1]
  for _, command in ipairs({ 'login groq', 'logout acme', 'paste', 'logout acme', 'logout acme work' }) do
    if command == 'paste' then
      client:request_sync('credential/set', { provider = 'acme', secret = 'typed-0123456789' }, 5000)
    end
    local before = #seen.notified
    vim.cmd('Modelport ' .. command)
    wait(function()
      return #seen.notified > before
    end, command)
  end
  wait(idle, 'the end')
end

--- A prompt that begins like a command.
function scenarios.prompt()
  vim.cmd.enew()
  modelport.setup({ model = 'mock/mock' })
  vim.cmd('Modelport login page with two fields, please')
  wait(function()
    return modelport.running() == 0
  end, 'the answer')
  seen.lines = vim.api.nvim_buf_get_lines(0, 0, -1, true)
end

--- The server is killed, or cannot be started.
function scenarios.gone()
  seen.errors = {}
  local function note(_, err)
    table.insert(seen.errors, err.message)
  end
  modelport.log_in('acme', { on_done = note })
  wait_for_window()
  vim.uv.kill(tonumber(vim.fn.readfile(vim.env.MODELPORT_PID_FILE)[1]), 'sigkill')
  wait(idle, 'the end')
  seen.after = shown() or 'closed'
  modelport.setup({ cmd = { 'there-is-no-such-modelport' } })
  modelport.log_in('acme', { on_done = note })
  wait(idle, 'the end without a server')
end

modelport.setup({ cmd = vim.json.decode(vim.env.MODELPORT_SERVER) })
scenarios[_G.arg[1]]()
io.stdout:write(vim.json.encode(seen), '\n')
vim.cmd('qall!')
