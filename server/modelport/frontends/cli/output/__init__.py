"""How the command line prints: tables, colours, and sentences in the words of its users."""
