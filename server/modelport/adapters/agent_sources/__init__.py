"""Where agents are seen without running or asking anything."""
