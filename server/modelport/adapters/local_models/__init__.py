"""Model files of this machine, and the servers this process runs for them."""
