"""The configuration documents of other programs, turned into ours."""
