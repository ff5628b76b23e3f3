"""The JSON-RPC server on stdio: frames, rules, handlers."""
