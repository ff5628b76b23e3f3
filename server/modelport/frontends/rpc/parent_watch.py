"""Detects that the client's process has ended, even when another process keeps standard input open.

It begins with the process itself and needs no event loop, so that nothing is missed before ``initialize``.

Source: Language Server Protocol 3.18, ``InitializeParams.processId``; proc_pid_stat(5), namespaces(7), systemd.exec(5).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

INTERVAL_S = 0.5
INITIAL_PID_NAMESPACE = "pid:[4026531836]"
"""The namespace in which every process of the machine has a number. Source: include/linux/proc_ns.h."""


class ParentWatch:
    """Watches the parent process and, once ``initialize`` gives it, the client's ``processId``.

    With ``source``, the standard input, a parent that has ended before the watch began is gone, where that can be told.
    """

    def __init__(self, source: int | None = None) -> None:
        # Asked once: between two questions it may end.
        self._parent = os.getppid()
        orphan = source is not None and _is_orphan(self._parent, source)
        self._gone = "the client's process is gone" if orphan else ""
        self._client: int | None = None
        self._client_began: str | None = None
        self._on_windows = os.name == "nt" and _alive(self._parent)

    def also(self, process_id: object) -> None:
        """Watches this process too; one that does not exist is gone.

        A process that cannot exist here tells nothing: this process is the first of a container, or its child, and the
        client is outside.
        """
        if not isinstance(process_id, int) or isinstance(process_id, bool):
            return
        if process_id <= 0 or process_id == os.getpid():
            return
        if _alive(process_id):
            self._client, self._client_began = process_id, _began(process_id)
        elif not self._in_container():
            self._gone = (
                f"the client's process {process_id} does not exist; a client on another machine or in another "
                "container sends null as its processId"
            )

    def gone(self) -> str:
        """Which process is gone; empty while both are there."""
        if not self._gone and (self._parent_is_gone() or self._client_is_gone()):
            self._gone = "the client's process is gone"
        return self._gone

    def wait_readable(self, descriptor: int) -> bool:
        """Waits for input, without an event loop; returns False where the client is gone and there is none."""
        if os.name == "nt":
            # A pipe cannot be polled there.
            import _thread

            _thread.start_new_thread(self._exit_when_gone, ())
            return True
        import select

        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        while not poll.poll(INTERVAL_S * 1000):
            if self.gone():
                return False
        return True

    async def run(self, on_gone: Callable[[str], None]) -> None:
        """Calls ``on_gone`` once, with the reason, when either is gone."""
        import anyio

        while not (reason := self.gone()):  # noqa: ASYNC110  no event reports it
            await anyio.sleep(INTERVAL_S)
        on_gone(reason)

    def _parent_is_gone(self) -> bool:
        if os.name == "nt":
            return self._on_windows and not _alive(self._parent)
        return self._parent > 1 and os.getppid() != self._parent

    def _client_is_gone(self) -> bool:
        if self._client is None:
            return False
        # The number may have been given to another process meanwhile.
        return not _alive(self._client) or _began(self._client) != self._client_began

    def _in_container(self) -> bool:
        return _namespace() != INITIAL_PID_NAMESPACE and (os.getpid() == 1 or self._parent <= 1)

    def _exit_when_gone(self) -> None:
        import time

        while not self.gone():
            time.sleep(INTERVAL_S)  # noqa: TID251  this is a thread
        os._exit(1)


def _is_orphan(parent: int, source: int) -> bool:
    """Whether the parent had ended before this process could see it, and another has taken its place.

    That can be told where the system's first process, or a user's systemd, is the parent, though it has not started
    this one: it starts nothing with a pipe as standard input, but for systemd, which says so in the environment.
    """
    if os.name == "nt" or not _is_pipe(source):
        return False
    if parent < 1 or not (parent == 1 or _name(parent) == "systemd"):
        return False
    if sys.platform == "linux" and _namespace() != INITIAL_PID_NAMESPACE:
        # The first process of a container may be anything.
        return False
    started = os.environ.get("SYSTEMD_EXEC_PID")
    if started is None:
        # Versions before 248 do not give it.
        return "INVOCATION_ID" not in os.environ
    return started != str(os.getpid())


def _is_pipe(descriptor: int) -> bool:
    import stat

    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _alive(process_id: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not, where the system tells."""
    if os.name == "nt":
        from modelport.windows_processes import is_running

        return is_running(process_id)
    try:
        os.kill(process_id, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    fields = _fields(process_id)
    return not fields or fields[0] not in "ZX"


def _began(process_id: int) -> str | None:
    """When a process began, in the system's own unit; None where that is not known."""
    fields = _fields(process_id)
    return fields[19] if len(fields) > 19 else None


def _fields(process_id: int) -> list[str]:
    """The fields of a process on Linux, from its state on; none elsewhere."""
    try:
        with open(f"/proc/{process_id}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []


def _name(process_id: int) -> str:
    try:
        with open(f"/proc/{process_id}/comm", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            return file.read().strip()
    except OSError:
        return ""


def _namespace() -> str:
    """The namespace of this process's number; that of the machine where there are none."""
    try:
        return os.readlink("/proc/self/ns/pid")  # noqa: PTH115
    except OSError:
        return INITIAL_PID_NAMESPACE
