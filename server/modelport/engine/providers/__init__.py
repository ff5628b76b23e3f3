"""Providers in use: connections, endpoints, credentials, configuration, defaults."""
