"""Where this user's data lies, and whether it can be written. ``acp-discover`` starts with it, so it imports little."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def data_folder(variables: Mapping[str, str]) -> Path:
    """``MODELPORT_DATA_DIR``, else the platform's folder for application data."""
    if chosen := variables.get("MODELPORT_DATA_DIR"):
        return Path(chosen).expanduser()
    from platformdirs import user_data_path

    return user_data_path("modelport", appauthor=False)


class LocalFolder:
    """A folder on this machine."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def path(self) -> str:
        """Where it is."""
        return str(self._path)

    async def problem(self) -> str | None:
        """Why nothing can be written to it, or None."""
        import anyio.to_thread

        return await anyio.to_thread.run_sync(self._try)

    def _try(self) -> str | None:
        import tempfile

        try:
            self._path.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._path):
                return None
        except OSError as error:
            return error.strerror or type(error).__name__
