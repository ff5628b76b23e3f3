"""How a command ends where it cannot go on: Ctrl-C, a reader that has gone, a bug."""
