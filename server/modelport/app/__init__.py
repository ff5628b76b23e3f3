"""The composition root: puts engine and adapters together."""
