if vim.g.loaded_modelport then
  return
end
vim.g.loaded_modelport = true

vim.api.nvim_create_user_command('Modelport', function(command)
  local prompt, options = command.args, {}
  if command.range > 0 then
    -- The lines go along with the prompt, and the answer comes below them.
    local lines = vim.api.nvim_buf_get_lines(0, command.line1 - 1, command.line2, true)
    prompt = ('%s\n\n%s'):format(prompt, table.concat(lines, '\n'))
    options.below = command.line2
  end
  require('modelport').ask(prompt, options)
end, { nargs = '+', range = true, desc = 'Ask a model and write its answer here' })

vim.api.nvim_create_user_command('ModelportCancel', function()
  require('modelport').cancel()
end, { desc = 'Stop the answers that are being written' })
