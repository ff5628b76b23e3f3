"""How a provider's servers differ from the plain dialect, by the part of the API."""
