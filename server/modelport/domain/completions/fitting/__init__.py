"""Fits a conversation to the wire format and the model that read it next."""
