"""The sources of agents on this machine. Files and variables are read, nothing is run."""
