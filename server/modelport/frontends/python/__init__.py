"""The way in from Python: the engine in process, async and synchronous."""
