"""Reads folders and files that any program may have written."""
