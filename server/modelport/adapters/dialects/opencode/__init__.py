"""OpenCode's own server: a session per completion, whose answer comes as events."""
