"""Agents of this machine: the rows of known agents, the observations, and the records made of both."""
