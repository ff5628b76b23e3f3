"""The one recorder of calls in the ledger."""
