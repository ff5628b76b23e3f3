"""Log-ins with OAuth, from the request of a user to the token in the store."""
