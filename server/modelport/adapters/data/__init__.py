"""Readers of the rows that ship with the package in ``modelport/data``."""
