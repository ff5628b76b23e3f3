"""Where this user's data lies. Apart from the rest of the system, for whoever starts without an event loop."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def data_folder(variables: Mapping[str, str]) -> Path:
    """``MODELPORT_DATA_DIR``, else the platform's folder for application data."""
    if chosen := variables.get("MODELPORT_DATA_DIR"):
        return Path(chosen).expanduser()
    from platformdirs import user_data_path

    return user_data_path("modelport", appauthor=False)
