"""Agents that listen: the rows by which they are recognised, and their records."""
