"""What a user is told of an exception that nothing expected: a sentence in place of a traceback."""

from __future__ import annotations

import logging
import traceback

PACKAGE = __name__.partition(".")[0]
log = logging.getLogger(f"{PACKAGE}.cli")


def bug_report(error: BaseException) -> str:
    """The sentence for the user, without the text of the exception, which may hold a key; the log has the traceback."""
    log.debug("bug", exc_info=error)
    return (
        f"This is a bug in Modelport ({type(error).__name__}{_place(error)}): please report it with what the same "
        "command logs with MODELPORT_LOG=debug."
    )


def _place(error: BaseException) -> str:
    """The module and line of ours that were nearest to the cause."""
    places = [(frame.f_globals.get("__name__", ""), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    ours = [f" in {module} {line}" for module, line in places if module.partition(".")[0] == PACKAGE]
    return ours[-1] if ours else ""
