"""Providers as data, and how one is reached: address, credential, configuration, connection."""
