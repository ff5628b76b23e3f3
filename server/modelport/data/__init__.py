"""Facts that ship with the package."""
