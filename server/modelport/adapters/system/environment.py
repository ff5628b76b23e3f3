"""The environment variables of this process."""

from __future__ import annotations

import os
from collections.abc import Mapping


class ProcessEnvironment:
    """The environment of this process."""

    def variables(self) -> Mapping[str, str]:
        """The variables as they are now."""
        return os.environ
