"""Outside things behind the domain's ports, a folder each."""
