"""HTTP/1.1: the pool of connections, reading bodies, time limits, and what failures mean."""
