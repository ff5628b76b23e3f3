"""``modelport usage`` and ``modelport budget``."""
