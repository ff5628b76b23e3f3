"""The public registry of agents: its download, its schema, and the cached copy."""
