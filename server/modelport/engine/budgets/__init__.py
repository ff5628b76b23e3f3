"""Limits on what calls cost: admission of calls, and reports."""
