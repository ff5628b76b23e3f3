"""Handshakes with agents over stdio, HTTP and TCP, and the cache of their results."""
