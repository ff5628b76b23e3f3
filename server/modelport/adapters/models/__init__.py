"""Where the models at a provider are listed, fetched and deleted."""
