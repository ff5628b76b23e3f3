"""Running the programs that serve providers on this machine."""
