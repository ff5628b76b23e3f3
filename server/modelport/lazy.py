"""Parts that are loaded off the event loop when they are first asked for, and imports. Every layer may use it."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import ClassVar, Generic, TypeVar

K = TypeVar("K")
T = TypeVar("T")


class Lazy(Generic[T]):
    """A value that ``load`` makes once, in a worker thread, on the first ``get``; a load that raises is tried again."""

    _LOADING: ClassVar[threading.RLock] = threading.RLock()

    def __init__(self, load: Callable[[], T]) -> None:
        # Anyio is imported on first use: a table of lazy parts must cost nothing where none of them is asked for.
        self._load = load
        self._values: list[T] = []
        self._lock: object = None

    @property
    def loaded(self) -> T | None:
        """The value where it has been loaded; None before."""
        return self._values[0] if self._values else None

    async def get(self) -> T:
        """The value. Concurrent first callers wait for one load, also when the caller that began it is cancelled."""
        if not self._values:
            import anyio
            import anyio.to_thread

            if not isinstance(self._lock, anyio.Lock):
                self._lock = anyio.Lock()
            async with self._lock:
                if not self._values:
                    await anyio.to_thread.run_sync(self._fill)
        return self._values[0]

    def get_now(self) -> T:
        """The value, made in the calling thread where there is none yet. Blocks, also while another part loads."""
        if not self._values:
            self._fill()
        return self._values[0]

    async def settled(self) -> T | None:
        """The value once a load under way has ended; None where there was none, or it raised."""
        import anyio

        if isinstance(self._lock, anyio.Lock):
            async with self._lock:
                pass
        return self.loaded

    def _fill(self) -> None:
        # One load at a time in the whole process: msgspec builds what it knows of a type when it first meets it, and
        # crashes where two threads build the same one. In the thread, so that the value stays when the caller is
        # cancelled meanwhile.
        with self._LOADING:
            if not self._values:
                self._values.append(self._load())


class LazyTable(Generic[K, T]):
    """A value per key, each made once by ``load`` as in ``Lazy``."""

    def __init__(self, load: Callable[[K], T]) -> None:
        self._load = load
        self._parts: dict[K, Lazy[T]] = {}

    async def get(self, key: K) -> T:
        """The value of a key."""
        part = self._parts.get(key)
        if part is None:
            part = self._parts[key] = Lazy(partial(self._load, key))
        return await part.get()


@contextmanager
def without_collection() -> Generator[None]:
    """Collects no garbage in the block; what was made before its end is never looked at again.

    For imports, in processes of our own: another program has its own rules. Modules stay until the process ends.
    Looking through them while they are loaded takes a tenth of the time of that, and later a pause of milliseconds for
    each full collection. A block inside of another changes nothing.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
