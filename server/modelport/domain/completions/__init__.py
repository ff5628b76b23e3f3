"""Completions: the request, the parameters, and the answer as it builds up."""
