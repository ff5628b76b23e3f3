"""Reads pipes for as long as that is wanted: a process that has got away may hold the other end for ever."""

from __future__ import annotations

import os
import select

CHUNK_SIZE = 64 * 1024


class PipeReader:
    """Reads descriptors, on any number of threads, until ``release``; ``close`` follows once those threads are over."""

    def __init__(self) -> None:
        self._wake = os.pipe()
        self._released = False

    def read(self, descriptor: int) -> bytes:
        """The next bytes; none at the end of the file, or once the reader is released."""
        try:
            if os.name != "nt":
                poll = select.poll()
                poll.register(descriptor, select.POLLIN)
                poll.register(self._wake[0], select.POLLIN)
                if any(ready == self._wake[0] for ready, _ in poll.poll()):
                    return b""
            return os.read(descriptor, CHUNK_SIZE)
        except OSError:
            return b""

    def release(self) -> None:
        """Ends every ``read``, those in progress too. Windows cannot; there it ends with the pipe."""
        if not self._released:
            self._released = True
            os.close(self._wake[1])

    def close(self) -> None:
        """Frees the descriptors."""
        self.release()
        os.close(self._wake[0])
