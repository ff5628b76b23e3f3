"""Use cases over the keys of all providers: listing, checking and deleting them."""
