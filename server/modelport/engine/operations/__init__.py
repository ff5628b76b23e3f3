"""Embeddings, images, moderations, token counts and credit, a use case each."""
