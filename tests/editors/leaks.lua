-- What test_neovim_leaks.py has a person do: nvim -l leaks.lua, with a provider that repeats what it is sent.

vim.lsp.log.set_level('trace')
vim.o.shada = "!,'100,<50,s10,h"
vim.o.undofile = true
local modelport = require('modelport')
local notified = {}
local notify = vim.notify
vim.notify = function(message, ...)
  notified[#notified + 1] = message
  notify(message, ...)
end
vim.cmd.runtime('plugin/modelport.lua')
modelport.setup({ cmd = vim.json.decode(vim.env.MODELPORT_SERVER), model = 'acme/m' })

local function idle()
  return modelport.running() == 0
end

vim.cmd.edit('answer.txt')
for _, prompt in ipairs({ 'hello', 'refuse', 'hello again' }) do
  vim.fn.histadd('cmd', 'Modelport ' .. prompt)
  vim.cmd('Modelport ' .. prompt)
  assert(vim.wait(10000, idle, 5), 'waited in vain for the answer')
end
vim.cmd('silent %yank a')
vim.cmd.write()
-- Neovim reads and writes none for a script of its own accord.
vim.fn.mkdir(vim.fn.stdpath('state') .. '/shada', 'p')
vim.cmd('wshada! ' .. vim.fn.stdpath('state') .. '/shada/main.shada')
local seen = { notified = notified, messages = vim.fn.execute('messages'), usage = modelport.usage() }
seen.lines = vim.api.nvim_buf_get_lines(0, 0, -1, true)
io.stdout:write(vim.json.encode(seen), '\n')
vim.cmd('qall!')
