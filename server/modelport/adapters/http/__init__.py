"""HTTP to providers: one pool, the vendors' clients, and what failures mean."""
