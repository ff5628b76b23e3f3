"""Model servers and model files on this machine."""
