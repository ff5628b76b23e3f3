"""The keyring library: its backend in use, and reading and writing with it. Everything here blocks."""
