if vim.g.loaded_modelport then
  return
end
vim.g.loaded_modelport = true

--- What `:Modelport` does other than asking, by its first word: how many more words it takes, and what it does.
local subcommands = {
  login = {
    1,
    3,
    function(words)
      local options = {}
      for place = 2, #words do
        local method = words[place]:match('^%-%-method=(.+)$')
        if method then
          options.method = method
        else
          options.name = words[place]
        end
      end
      require('modelport').log_in(words[1], options)
    end,
  },
  logout = {
    1,
    2,
    function(words)
      require('modelport').log_out(words[1], words[2])
    end,
  },
  paste = {
    0,
    0,
    function()
      require('modelport').paste()
    end,
  },
}

--- The action of a subcommand; nil for a prompt, also one that only begins with such a word.
local function subcommand(command)
  local words = vim.list_slice(command.fargs, 2)
  local found = command.range == 0 and subcommands[command.fargs[1]]
  if found and #words >= found[1] and #words <= found[2] then
    return function()
      found[3](words)
    end
  end
end

local function complete(lead, line)
  local words = vim.split(line:match('Modelport%s+(.*)$') or '', '%s+')
  local candidates = {}
  if #words == 1 then
    candidates = vim.tbl_keys(subcommands)
  elseif #words == 2 and (words[1] == 'login' or words[1] == 'logout') then
    candidates = require('modelport.log_in').providers()
  elseif #words > 2 and words[1] == 'login' then
    candidates = { '--method=device', '--method=code' }
  end
  local found = vim.tbl_filter(function(candidate)
    return vim.startswith(candidate, lead)
  end, candidates)
  table.sort(found)
  return found
end

vim.api.nvim_create_user_command('Modelport', function(command)
  local action = subcommand(command)
  if action then
    return action()
  end
  local prompt, options = command.args, {}
  if command.range > 0 then
    -- The lines go along with the prompt, and the answer comes below them.
    local lines = vim.api.nvim_buf_get_lines(0, command.line1 - 1, command.line2, true)
    prompt = ('%s\n\n%s'):format(prompt, table.concat(lines, '\n'))
    options.below = command.line2
  end
  require('modelport').ask(prompt, options)
end, { nargs = '+', range = true, complete = complete, desc = 'Ask a model and write its answer here, or log in' })

vim.api.nvim_create_user_command('ModelportCancel', function()
  require('modelport').cancel()
end, { desc = 'Stop the answers that are being written, and the log-ins under way' })
