"""Where calls are recorded."""
