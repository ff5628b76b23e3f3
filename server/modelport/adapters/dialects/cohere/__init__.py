"""Cohere's own Chat API."""
