"""Proxies in front of providers: which one stands in front of an address, and how a connection goes through it."""
