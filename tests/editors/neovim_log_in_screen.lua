-- A log-in in a Neovim with a screen, for test_neovim_log_in.py: writes the mode to the file MODELPORT_SEEN once what to
-- do is shown, and ends. A mode of "r" waits for Enter, and covers the window until then.

local log_in = require('modelport.log_in')
require('modelport').setup({ cmd = vim.json.decode(vim.env.MODELPORT_SERVER) })

local show = log_in.show
function log_in.show(params)
  -- Before, since the editor may wait in there for the user; what runs in the timer must not.
  local timer = assert(vim.uv.new_timer())
  timer:start(500, 0, function()
    local file = assert(io.open(os.getenv('MODELPORT_SEEN'), 'w'))
    file:write(vim.api.nvim_get_mode().mode)
    file:close()
    vim.uv.kill(vim.uv.os_getpid(), 'sigkill')
  end)
  show(params)
end

log_in.log_in('acme', { method = vim.env.MODELPORT_METHOD })
