"""Ways in: the LSP server and the command line."""
