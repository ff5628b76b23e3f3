"""Reports of what was used."""
