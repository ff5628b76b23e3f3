"""OAuth: the device flow, the code flow with its listener, and the renewal of what they gave."""
