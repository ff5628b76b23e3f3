"""Keys and providers in other programs' files: what was found, whose it is, and what becomes of it."""
