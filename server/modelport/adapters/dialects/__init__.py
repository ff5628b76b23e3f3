"""The wire formats, a module each, over shared framing."""
