"""Embeddings, images, moderations, token counts and credit: calls and results."""
