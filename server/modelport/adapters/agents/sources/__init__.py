"""Where agents are looked for on this machine. Files and variables are read, nothing is run."""
