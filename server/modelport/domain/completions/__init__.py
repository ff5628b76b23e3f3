"""Completions: what is asked, the parameters, and the answer as it builds up."""
