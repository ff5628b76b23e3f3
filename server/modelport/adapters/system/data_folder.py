"""Where this user's data lies, and whether it can be written. ``acp-discover`` starts with it, so it imports little."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from modelport.adapters.system.private_files import open_to_others, private_folder
from modelport.adapters.system.user_path import user_path

_WRITTEN_BYTES = 64 * 1024


def data_folder(variables: Mapping[str, str]) -> Path:
    """``MODELPORT_DATA_DIR``, else the platform's folder for application data."""
    if chosen := variables.get("MODELPORT_DATA_DIR"):
        return user_path(chosen)
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

    async def openness(self) -> str | None:
        """What other users can do in it, as the end of a sentence, or None."""
        import anyio.to_thread

        return await anyio.to_thread.run_sync(open_to_others, self._path)

    def _try(self) -> str | None:
        import tempfile

        try:
            private_folder(self._path)
            with tempfile.TemporaryFile(dir=self._path) as file:
                # A full disk may take a new file as long as it is empty.
                file.write(bytes(_WRITTEN_BYTES))
                file.flush()
                return None
        except OSError as error:
            return error.strerror or type(error).__name__
