"""Where circuits are kept: in memory, and in the ledger's file for all programs of the user."""
