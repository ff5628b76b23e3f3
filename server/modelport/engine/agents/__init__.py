"""Finding the agents of this machine, in three levels."""
