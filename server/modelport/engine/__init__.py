"""Use cases, one module each, over the domain's ports."""
