"""The embedded mock provider, which answers without a network."""
