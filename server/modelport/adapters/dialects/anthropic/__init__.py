"""Anthropic Messages: turns of content blocks out, typed events in."""
