"""This machine: variables, clock, folders."""
