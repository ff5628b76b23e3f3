"""The model servers of this machine, and the ports it listens on."""
