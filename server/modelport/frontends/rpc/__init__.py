"""JSON-RPC over stdio: frames, messages, and bytes in and out. Knows no method."""
