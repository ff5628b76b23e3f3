"""Strict readers of requests, one for each vendor: the types of its own SDK, and the rules that no type holds."""
