"""Completions: targets, attempts, fallbacks."""
