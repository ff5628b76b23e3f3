"""The Python API: the engine in process, async and synchronous."""
