"""Agents in the settings of editors: reading what is set up, writing what was found."""
