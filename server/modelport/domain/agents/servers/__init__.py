"""Agents that listen: the rows that tell them apart, and the records that follow."""
