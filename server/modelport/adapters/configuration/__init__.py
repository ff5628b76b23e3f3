"""The user's configuration file: finding, reading and checking it, and running the commands it names."""
