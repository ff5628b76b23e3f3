"""Model files in a folder of the user's own: their names, and the command that serves one of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import pairwise
from typing import Protocol

from msgspec import Struct

from modelport.domain.gguf import GgufHeader
from modelport.domain.providers.configuration import LocalModelsEntry
from modelport.domain.providers.model_file import ModelFile
from modelport.protocol.secret import Secret

SUFFIX = ".gguf"
MODEL, PORT = "{model}", "{port}"
CONTEXT_OPTIONS = ("--ctx-size", "--ctx_size", "-c")
_PART = re.compile(r"(?P<stem>.+)-(?P<part>\d{5})-of-(?P<count>\d{5})", re.IGNORECASE)
_DRIVE = re.compile(r"(?P<letter>[A-Za-z]):(?P<path>[\\/].*|)", re.DOTALL)

OnProgress = Callable[[str], None]
"""Receives what is being done, as a sentence for the user who waits."""


class FoundFile(Struct, frozen=True, kw_only=True):
    """A file of the folder, as found on the disk."""

    relative: str
    """Its path in the folder, with slashes."""
    path: str
    size_bytes: int
    header: GgufHeader | None = None
    trouble: str | None = None
    """Why there is no header; the end of a sentence about the file."""


class Served(Struct, frozen=True, kw_only=True):
    """A running server: its address, and the key that it was started with."""

    base_url: str
    key: Secret


class Plan(Struct, frozen=True, kw_only=True):
    """What to serve and how. ``secret_env_vars`` are the variables that the server does not get."""

    model: ModelFile
    entry: LocalModelsEntry
    secret_env_vars: frozenset[str] = frozenset()


class ModelFolder(Protocol):
    """The port to the folder."""

    async def models(self, folder: str) -> Sequence[ModelFile]:
        """The models in it now, by name.

        Raises:
            OSError: the folder cannot be read.
        """
        ...

    async def can_serve(self, entry: LocalModelsEntry) -> bool:
        """Whether the program of the command is there, or runs in WSL."""
        ...


class ModelRunner(Protocol):
    """The port to the model servers that this process starts."""

    def serving(self, plan: Plan, on_progress: OnProgress) -> AbstractAsyncContextManager[Served]:
        """A server for a model, started where none runs, ready, and kept for the block.

        Raises:
            RequestFailed: it does not start; the message is a sentence without the provider's name.
        """
        ...

    def runs(self, plan: Plan) -> bool:
        """Whether the model is served at this moment."""
        ...

    async def aclose(self) -> None:
        """Ends every server."""
        ...


def catalogued(files: Iterable[FoundFile]) -> list[ModelFile]:
    """The files as models: the parts of a split file as one, each under the shortest unambiguous name."""
    groups: dict[tuple[str, int], dict[int, FoundFile]] = {}
    for file in files:
        stem = file.relative[: -len(SUFFIX)]
        match = _PART.fullmatch(stem)
        whole, part, count = (match["stem"], int(match["part"]), int(match["count"])) if match else (stem, 1, 1)
        groups.setdefault((whole, count), {})[part] = file
    names = [_name(whole).casefold() for whole, _ in groups]
    return sorted(
        (
            _model(whole, count, parts, alone=names.count(_name(whole).casefold()) == 1)
            for (whole, count), parts in groups.items()
        ),
        key=lambda model: model.relative.casefold(),
    )


def named(models: Sequence[ModelFile], name: str) -> list[ModelFile]:
    """The models that a name means, in any case: its id, its path in the folder, or the name of its file."""
    wanted = name.replace("\\", "/").strip("/").casefold()
    wanted = wanted.removesuffix(SUFFIX)
    if match := _PART.fullmatch(wanted):
        wanted = match["stem"]
    exact = [model for model in models if wanted in (model.id.casefold(), model.relative.casefold())]
    return exact or [model for model in models if wanted == _name(model.relative).casefold()]


def command_line(plan: Plan, port: int, *, windows: bool) -> list[str]:
    """The command that serves a model on a port.

    The settings become arguments of llama-server.

    Source: llama.cpp tools/server/README.md.
    """
    entry = plan.entry
    values = {MODEL: server_path(plan.model.path, entry, windows=windows), PORT: str(port)}
    command = [re.sub(r"\{model\}|\{port\}", lambda match: values[match[0]], part) for part in entry.command]
    options: tuple[tuple[str, object], ...] = (
        ("--threads", entry.threads),
        ("--n-gpu-layers", entry.gpu_layers),
        ("--flash-attn", None if entry.flash_attention is None else "on" if entry.flash_attention else "off"),
        ("--cache-type-k", entry.cache_type_k),
        ("--cache-type-v", entry.cache_type_v),
        ("--ctx-size", entry.context_length),
    )
    for option, value in options:
        if value is not None:
            command += [option, str(value)]
    embeds = plan.model.header is not None and plan.model.header.task == "embeddings"
    command += [*(entry.embedding_flags if embeds else ()), *entry.flags]
    return ["wsl.exe", "--exec", *command] if entry.wsl and windows else command


def context_length(model: ModelFile, entry: LocalModelsEntry) -> int | None:
    """The tokens that a server for the model takes, input and output together; None where neither says it.

    The last argument of the command line counts, as llama-server reads it; 0 is the model's own. Source: llama.cpp
    tools/server/README.md, ``--ctx-size``.
    """
    embeds = model.header is not None and model.header.task == "embeddings"
    given = [str(entry.context_length)] if entry.context_length is not None else []
    given = [
        *_values(entry.command, CONTEXT_OPTIONS),
        *given,
        *_values(entry.embedding_flags if embeds else (), CONTEXT_OPTIONS),
        *_values(entry.flags, CONTEXT_OPTIONS),
    ]
    tokens = int(given[-1]) if given and given[-1].isdecimal() else 0
    return tokens or (model.header.context_length if model.header else None)


def _values(arguments: Sequence[str], options: Collection[str]) -> list[str]:
    """The values of an option among arguments, in order."""
    return [value for name, value in pairwise(arguments) if name in options]


def server_path(path: str, entry: LocalModelsEntry, *, windows: bool) -> str:
    """A path as the server sees it: by the longest prefix of the mapping, else in WSL under ``/mnt``."""
    for prefix in sorted(entry.path_mapping, key=len, reverse=True):
        relative = _below(path, prefix)
        if relative is not None:
            return _joined(entry.path_mapping[prefix], relative)
    return mounted(path) if entry.wsl and windows else path


def mounted(path: str) -> str:
    r"""A path of Windows as WSL has it: ``D:\models`` as ``/mnt/d/models``; any other as it is.

    Source: https://learn.microsoft.com/windows/wsl/wsl-config, the root of automount.
    """
    match = _DRIVE.fullmatch(path)
    return f"/mnt/{match['letter'].lower()}{match['path'].replace(chr(92), '/')}" if match else path


def _model(whole: str, count: int, parts: dict[int, FoundFile], *, alone: bool) -> ModelFile:
    missing = [part for part in range(1, count + 1) if part not in parts]
    first = parts[min(parts)]
    trouble = first.trouble
    if missing:
        trouble = f"has only {count - len(missing)} of its {count} parts: download the others too"
    return ModelFile(
        id=_name(whole) if alone else whole,
        relative=whole,
        path=first.path,
        size_bytes=sum(file.size_bytes for file in parts.values()),
        header=first.header,
        trouble=trouble,
    )


def _name(relative: str) -> str:
    return relative.rpartition("/")[2]


def _below(path: str, prefix: str) -> str | None:
    """The part of a path below a folder, without a separator in front; None where it is not below it."""
    plain, start = path.replace("\\", "/"), prefix.replace("\\", "/").rstrip("/")
    head, below = plain[: len(start)], plain[len(start) :]
    same = head == start or (_DRIVE.fullmatch(prefix) is not None and head.casefold() == start.casefold())
    return below.lstrip("/") if same and (not below or below.startswith("/")) else None


def _joined(folder: str, relative: str) -> str:
    separator = "\\" if _DRIVE.fullmatch(folder) or folder.startswith("\\\\") else "/"
    return folder.rstrip("/\\") + separator + relative.replace("/", separator) if relative else folder
