"""JSON-RPC over stdio: frames, messages, and bytes in and out. It is independent of the methods."""
