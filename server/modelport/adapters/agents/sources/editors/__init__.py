"""Agents in the user's settings of editors."""
