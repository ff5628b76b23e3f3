"""Log-ins with OAuth: how a provider does them, what they give, and what is kept of them."""
