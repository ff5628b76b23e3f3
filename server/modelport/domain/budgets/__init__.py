"""Limits on what calls cost."""
