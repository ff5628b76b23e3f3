"""Servers that this process starts: as processes, and until they answer."""
