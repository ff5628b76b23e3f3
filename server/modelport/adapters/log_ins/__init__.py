"""Log-ins that are more than a key: signatures, and tokens that are exchanged or renewed."""
