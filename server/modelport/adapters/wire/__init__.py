"""What every reader of a provider's wire shares: framing, JSON, contents of messages, lists of models, errors."""
