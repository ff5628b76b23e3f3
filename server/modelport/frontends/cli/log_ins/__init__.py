"""``modelport login`` and ``modelport logout``."""
