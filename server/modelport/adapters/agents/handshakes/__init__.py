"""Talking to agents to learn what they are: over stdio, HTTP and TCP, and the cache of what came of it."""
