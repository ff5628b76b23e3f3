"""The wire formats, a folder per family. What readers of any wire share is in ``adapters/wire``."""
