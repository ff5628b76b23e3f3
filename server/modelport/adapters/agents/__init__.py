"""Talking to agents: handshakes, probes, and what is kept of them."""
