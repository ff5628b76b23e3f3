-- Runs a snippet as a configuration would, with stand-ins for the two plug-ins, and prints their arguments.

local seen = {}
package.preload["codecompanion.adapters"] = function()
  return {
    extend = function(name, changes)
      return { extends = name, changes = changes }
    end,
  }
end
package.preload["codecompanion.adapters.acp.helpers"] = function()
  return { form_messages = function(_, messages) return messages end }
end
package.preload["codecompanion"] = function()
  return {
    setup = function(options)
      for name, adapter in pairs(options.adapters.acp) do
        seen[name] = adapter()
      end
    end,
  }
end
package.preload["avante"] = function()
  return {
    setup = function(options)
      seen = options.acp_providers
    end,
  }
end

dofile(arg[1])

for _, adapter in pairs(seen) do
  if adapter.handlers then
    local handlers = adapter.handlers
    adapter.handlers = {
      setup = handlers.setup(adapter),
      auth = handlers.auth(adapter),
      form_messages = handlers.form_messages(adapter, { "said" }, {}),
      on_exit = handlers.on_exit(adapter, 0) == nil,
    }
  end
end
io.stdout:write(vim.json.encode(seen))
