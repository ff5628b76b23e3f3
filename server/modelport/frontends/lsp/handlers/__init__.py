"""A handler per method: ``noun/verb`` is ``verb_noun`` in the module of its noun."""
