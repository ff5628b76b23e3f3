"""The wire contract in Python: generated types and tables, and the type of a secret. Imports nothing else of ours."""
