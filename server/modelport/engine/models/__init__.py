"""Listing, searching, downloading and deleting models."""
