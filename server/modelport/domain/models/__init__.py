"""Models: the catalog, the lists of providers, and searching both."""
