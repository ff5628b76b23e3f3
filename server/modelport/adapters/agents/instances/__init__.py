"""Running agents and servers that announce themselves in files, and our own announcement."""
