"""What happens after a failure: which targets rest for how long, and which is tried next."""
