"""``modelport keys``: a module per command."""
