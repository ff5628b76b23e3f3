"""Core dumps of this process: none, since its memory holds keys. Any layer may use it."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    CORE_LIMIT = None
else:
    import resource

    CORE_LIMIT = resource.getrlimit(resource.RLIMIT_CORE)[0]
    """The limit, in bytes, that this process was started with; the programs that it starts keep it."""

NO_DUMP = 1
"""Bytes. Linux takes 0 as no limit for a program that it pipes dumps to; this it takes as none at all there, and it is
smaller than any file of a dump. Source: Linux, fs/coredump.c; core(5)."""


def turn_off() -> None:
    """Has no dump of this process written. Windows writes none without a setting of its own, and is left alone."""
    if sys.platform != "win32":
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        none = NO_DUMP if hard == resource.RLIM_INFINITY else min(NO_DUMP, hard)
        # The programs that are started get theirs back, so the hard limit stays.
        resource.setrlimit(resource.RLIMIT_CORE, (none, hard))


def limit_of_programs() -> int | None:
    """The limit to give back to a program that is started; None where it has it anyway."""
    if sys.platform == "win32" or resource.getrlimit(resource.RLIMIT_CORE)[0] != NO_DUMP:
        return None
    return None if CORE_LIMIT == NO_DUMP else CORE_LIMIT
