"""What providers do besides completions: a module per operation, pure, and one that sends."""
