"""Agents in the settings of editors: the ones that users have set up, and snippets for those that were found."""
