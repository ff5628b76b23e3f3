-- What a person does in Neovim, for test_neovim.py: nvim -l neovim.lua SCENARIO prints what was
-- seen as one JSON object. MODELPORT_SERVER is the server's command, MODELPORT_MODEL a model.

local modelport = require('modelport')
local command = vim.json.decode(vim.env.MODELPORT_SERVER)
local seen = { notified = {} }
vim.notify = function(message)
  table.insert(seen.notified, message)
end
vim.cmd.runtime('plugin/modelport.lua')

local function wait(condition, what)
  assert(vim.wait(tonumber(vim.env.MODELPORT_PATIENCE_MS or 10000), condition, 5), 'waited in vain for ' .. what)
end

local function lines(bufnr)
  return vim.api.nvim_buf_get_lines(bufnr or 0, 0, -1, true)
end

local function text(bufnr)
  return table.concat(lines(bufnr), '\n')
end

--- Keeps every state the buffer goes through.
local function watched(content)
  vim.cmd.enew()
  vim.api.nvim_buf_set_lines(0, 0, -1, true, content)
  vim.cmd('normal! G$')
  local states = {}
  local bufnr = vim.api.nvim_get_current_buf()
  vim.api.nvim_buf_attach(bufnr, false, {
    on_lines = function()
      states[#states + 1] = text(bufnr)
    end,
  })
  return states, bufnr
end

local function idle()
  return modelport.running() == 0
end

local function usage_of(outcome)
  return function()
    return vim.endswith(modelport.usage(), outcome)
  end
end

local scenarios = {}

--- The command writes after the cursor, piece by piece, and says what it has cost.
function scenarios.stream()
  modelport.setup({ model = 'mock/mock:delay=15' })
  seen.states = watched({ 'one', 'beföre after', 'three' })
  vim.api.nvim_win_set_cursor(0, { 2, 3 })
  vim.cmd('Modelport say naïve 🦊 in\\n東京 and so on, word by word')
  seen.running = modelport.running()
  wait(function()
    return modelport.status() ~= ''
  end, 'the status')
  seen.busy = modelport.status()
  seen.statusline = vim.api.nvim_eval_statusline("%{v:lua.require'modelport'.status()}", {}).str
  wait(idle, 'the answer')
  wait(function()
    return modelport.usage() ~= '' and modelport.status() == ''
  end, 'the usage')
  seen.lines = lines()
  seen.usage = modelport.usage()
  seen.messages = vim.fn.execute('messages')
  seen.attached = vim.tbl_count(vim.lsp.get_clients({ bufnr = 0 }))
end

--- Several lines, asked from Lua, with the whole answer handed over at the end.
function scenarios.lines()
  watched({ '' })
  modelport.ask('first\nsecond\n\nlast', {
    model = 'mock/mock',
    on_done = function(completion, err)
      seen.completion, seen.err = completion, err
    end,
  })
  wait(idle, 'the answer')
  seen.lines = lines()
end

--- Lines that go along with the prompt.
function scenarios.range()
  modelport.setup({ model = 'mock/mock' })
  watched({ 'keep', 'a = 1', 'b = 2', 'rest' })
  vim.cmd('2,3Modelport explain')
  wait(idle, 'the answer')
  seen.lines = lines()
end

--- Cancelling keeps the text so far, ends at once, and the usage of the call is still reported.
function scenarios.cancel()
  modelport.setup({ model = 'mock/mock:stall=3' })
  local states = watched({ '' })
  modelport.ask('one two three four', {
    on_done = function(completion, err)
      seen.completion, seen.err = completion, err
    end,
  })
  wait(function()
    return text() == 'You said: one'
  end, 'three words')
  vim.cmd.ModelportCancel()
  seen.running = modelport.running()
  local after = #states
  wait(usage_of('(cancelled)'), 'the usage of the cancelled call')
  seen.changes_after = #states - after
  seen.lines = lines()
  seen.usage = modelport.usage()
  modelport.ask('again', { model = 'mock/mock', position = { 0, 0 } })
  wait(idle, 'the next answer')
  seen.next = lines()
end

--- A request that is cancelled before the server is up.
function scenarios.cancel_early()
  watched({ '' })
  modelport.ask('too soon', { model = 'mock/mock' })
  modelport.cancel()
  modelport.ask('in time', { model = 'mock/mock' })
  wait(idle, 'the answer')
  seen.lines = lines()
end

--- An answer that breaks off.
function scenarios.failure()
  watched({ '' })
  modelport.ask('one two three four', {
    model = 'mock/mock:cut=3',
    on_done = function(completion, err)
      seen.completion, seen.err = completion, err
    end,
  })
  wait(idle, 'the end')
  seen.lines = lines()
end

--- Two buffers are written to at once, while a person types above.
function scenarios.two()
  local _, left = watched({ 'left: ' })
  modelport.ask('to the left, many words for a while', { model = 'mock/mock:delay=10' })
  local _, right = watched({ 'right: ' })
  modelport.ask('to the right, many words for a while', { model = 'mock/mock:delay=10' })
  wait(function()
    return #text(left) > 20 and #text(right) > 20
  end, 'both to begin')
  vim.api.nvim_buf_set_lines(left, 0, 0, true, { 'typed', 'above' })
  wait(idle, 'both answers')
  seen.left, seen.right = lines(left), lines(right)
end

--- Two answers are written at one place.
function scenarios.same_place()
  local _, bufnr = watched({ 'before after' })
  vim.api.nvim_win_set_cursor(0, { 1, 6 })
  for _, prompt in ipairs({ 'first, many words for a while', 'second, many words for a while' }) do
    modelport.ask(prompt, { model = 'mock/mock:delay=10' })
  end
  wait(idle, 'both answers')
  seen.lines = lines(bufnr)
end

--- Bytes that are no UTF-8, as a buffer of a binary file has them.
function scenarios.raw()
  watched({ '' })
  modelport.setup({ system = 'caf\233', parameters = { stop = { 'never \255' } } })
  local bytes = { 'caf\233', 'half \195', 'long \192\175', 'surrogate \237\160\128', 'high \244\144\128\128', 'ü \240\159\166\138' }
  modelport.ask(table.concat(bytes, '|'), {
    model = 'mock/mock',
    messages = { { role = 'user', content = '\254' }, { role = 'assistant', content = 'ok' } },
    on_done = function(completion, err)
      seen.completion, seen.err = completion, err
    end,
  })
  wait(idle, 'the answer')
  seen.lines = lines()
end

--- A request that cannot be written as JSON.
function scenarios.unsendable()
  watched({ '' })
  modelport.ask('first', { model = 'mock/mock' })
  wait(idle, 'the server')
  modelport.ask('second', {
    model = 'mock/mock',
    parameters = { temperature = print },
    on_done = function(_, err)
      seen.err = err
    end,
  })
  seen.running = modelport.running()
end

--- Buffers that must not be written to, from the beginning and while an answer is written.
function scenarios.protected()
  modelport.setup({ model = 'mock/mock:words=5000,delay=5' })
  seen.kept = {}
  for _, option in ipairs({ 'readonly', 'modifiable' }) do
    watched({ 'one', 'two' })
    vim.bo[option] = option == 'readonly'
    vim.cmd('1,1Modelport explain')
    vim.cmd('Modelport explain')
    seen.kept[#seen.kept + 1] = lines()
  end
  seen.running = modelport.running()
  seen.refused = #seen.notified
  seen.ends = {}
  for _, option in ipairs({ 'readonly', 'modifiable' }) do
    local states = watched({ '' })
    modelport.ask('words', {
      on_done = function(_, err)
        seen.ends[#seen.ends + 1] = err.code
      end,
    })
    wait(function()
      return text() ~= ''
    end, 'the first words')
    vim.bo[option] = option == 'readonly'
    local before = #states
    wait(idle, 'the end')
    seen.changes = (seen.changes or 0) + #states - before
  end
end

--- A server that never becomes ready.
function scenarios.never_ready()
  watched({ '' })
  modelport.setup({ start_timeout_ms = 300 })
  modelport.ask('hello?', {
    model = 'mock/mock',
    on_done = function(_, err)
      seen.err = err
    end,
  })
  wait(idle, 'the end')
  modelport.setup({ cmd = vim.json.decode(vim.env.MODELPORT_NEXT_SERVER), start_timeout_ms = 60000 })
  modelport.ask('again', { model = 'mock/mock' })
  wait(idle, 'the answer of the next server')
  seen.lines = lines()
end

--- One undo takes the whole answer back.
function scenarios.undo()
  watched({ 'before' })
  -- Ends the block of the first change, as leaving Insert mode does.
  vim.cmd('let &g:undolevels = &g:undolevels')
  modelport.ask('many words that come one after the other', { model = 'mock/mock:delay=10' })
  local blocks = 0
  wait(function()
    -- A person who moves about while the answer is written.
    vim.cmd('let &g:undolevels = &g:undolevels')
    blocks = blocks + 1
    return idle()
  end, 'the answer')
  seen.blocks = blocks
  seen.answer = lines()
  vim.cmd.undo()
  seen.undone = lines()
end

--- The buffer goes away in the middle of the answer.
function scenarios.wiped()
  local _, bufnr = watched({ '' })
  modelport.ask('words for a gone buffer', {
    model = 'mock/mock:words=1000,delay=5',
    on_done = function(_, err)
      seen.err = err
    end,
  })
  wait(function()
    return #text(bufnr) > 5
  end, 'the first words')
  vim.api.nvim_buf_delete(bufnr, { force = true })
  wait(idle, 'the end')
  wait(usage_of('(cancelled)'), 'the usage of the cancelled call')
end

function scenarios.no_server()
  modelport.setup({ cmd = { 'there-is-no-such-modelport' }, model = 'mock/mock' })
  watched({ '' })
  seen.stream_id = modelport.ask('hello?') or 'none'
  seen.running = modelport.running()
  seen.lines = lines()
end

--- The server is killed, and the next question starts another.
function scenarios.killed()
  watched({ '' })
  modelport.ask('words', {
    model = 'mock/mock:stall=1',
    on_done = function(_, err)
      seen.err = err
    end,
  })
  wait(function()
    return text() ~= ''
  end, 'the first word')
  vim.uv.kill(tonumber(vim.fn.readfile(vim.env.MODELPORT_PID_FILE)[1]), 'sigkill')
  wait(idle, 'the end')
  modelport.ask('back again', { model = 'mock/mock', position = { 0, 0 } })
  wait(idle, 'the answer of the next server')
  seen.lines = lines()
end

--- Neovim is left in the middle of an answer.
function scenarios.quit()
  watched({ '' })
  modelport.ask('words', { model = 'mock/mock:stall=1' })
  wait(function()
    return text() ~= ''
  end, 'the first word')
  seen.pid = tonumber(vim.fn.readfile(vim.env.MODELPORT_PID_FILE)[1])
end

--- A real model.
function scenarios.real()
  modelport.setup({ model = vim.env.MODELPORT_MODEL, parameters = { max_tokens = tonumber(vim.env.MODELPORT_TOKENS), temperature = 0 } })
  seen.states = watched({ '' })
  modelport.ask('Tell me anything', {
    on_done = function(completion, err)
      seen.completion, seen.err = completion, err
    end,
  })
  wait(idle, 'the answer')
  wait(function()
    return modelport.usage() ~= ''
  end, 'the usage')
  seen.text = text()
  seen.usage = modelport.usage()
end

modelport.setup({ cmd = command })
scenarios[_G.arg[1]]()
io.stdout:write(vim.json.encode(seen), '\n')
vim.cmd('qall!')
