"""An editor that starts a server, says something and stays until it is killed; an outsider holds the same pipes.

``editor.py HOLDERS MARKER BYTES SERVER ARGUMENT…``: the outsider's number goes to the file ``HOLDERS``, ``BYTES`` are in
hexadecimal digits, with ten ``@`` in the place of this process's number. It prints ``ready`` once the server's output has
held ``MARKER``, at once where that is empty.
"""

from __future__ import annotations

import os
import sys

PID = b"@" * 10
OUTSIDER_S = "120"
"""Longer than any death takes, and not for ever, should one fail."""


def spawn(argv: list[str], descriptors: list[tuple[int, int]]) -> int:
    """Starts a program with these descriptors of ours as others of its own."""
    pid = os.fork()
    if not pid:
        for ours, theirs in descriptors:
            os.dup2(ours, theirs)
        os.execvp(argv[0], argv)
    return pid


def main() -> None:
    holders, marker, data, *server = sys.argv[1:]
    source, sink = os.pipe()
    output, written = os.pipe()
    nothing = os.open(os.devnull, os.O_RDWR)
    holder = spawn(["sleep", OUTSIDER_S], [(nothing, 0), (nothing, 1), (nothing, 2), (sink, 10), (output, 11)])
    with open(holders, "a") as file:  # noqa: PTH123  pathlib would cost more than all the rest
        file.write(f"{holder}\n")
    spawn(server, [(source, 0), (written, 1), (nothing, 2)])
    os.write(sink, bytes.fromhex(data).replace(PID, b"%10d" % os.getpid()))
    read = b""
    while marker.encode() not in read:
        read += os.read(output, 65536)
    os.write(1, b"ready\n")
    while True:
        os.read(output, 65536)


if __name__ == "__main__":
    main()
