"""``modelport chat``: its options, attachments, conversations and output."""
