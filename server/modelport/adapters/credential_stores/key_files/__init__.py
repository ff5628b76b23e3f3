"""The file of keys: who may read it, what is in it, and how it is encrypted. Everything here blocks."""
