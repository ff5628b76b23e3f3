"""Agents of this machine: what is known of them, what was seen, and what follows from both."""
