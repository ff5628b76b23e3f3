"""The number of the user that this process acts for."""

from __future__ import annotations

import os
import sys


def user_id() -> int:
    """The effective user id; -1 on Windows, where users have no number."""
    return -1 if sys.platform == "win32" else os.geteuid()
