"""A model file of the user's own folder, as a model of a provider."""

from __future__ import annotations

from msgspec import Struct

from modelport.domain.gguf import GgufHeader


class ModelFile(Struct, frozen=True, kw_only=True):
    """A model of the folder. ``path`` is that of its first part."""

    id: str
    """The file's name without its suffix; with its folders in front where two files have the name."""
    relative: str
    """The path in the folder, without the suffix and the number of a part."""
    path: str
    size_bytes: int
    header: GgufHeader | None = None
    trouble: str | None = None
    """Why it cannot be used; the end of a sentence about it."""

    @property
    def listed(self) -> bool:
        """Whether it is offered: a model in working order."""
        return (
            self.trouble is None and self.header is not None and self.header.is_model and self.header.task != "rerank"
        )

    @property
    def refusal(self) -> str:
        """Why it is not offered; the end of a sentence about it."""
        if self.header is not None and self.header.task == "rerank":
            return "is a reranker, which Modelport cannot use"
        return self.trouble or "is a companion file of a model (such as mmproj), not a model"


class FromFolder(Struct, frozen=True):
    """Marks an endpoint whose calls go to a model of the folder; absent where none is named, as for a list."""

    model: ModelFile | None
