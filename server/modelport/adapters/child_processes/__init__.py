"""Programs that this process starts: each under a supervisor that ends it, with all that it started, when we end."""
