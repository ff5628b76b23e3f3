"""Requests to providers: through the pool or a vendor's own client, with the headers and the log-in they need."""
