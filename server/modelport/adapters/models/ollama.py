"""Ollama's own requests about models: what one can do, fetching one, deleting one.

Source: Ollama API documentation, /api/show, /api/pull and /api/delete.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
import msgspec
from msgspec import Struct

from modelport.adapters.http import failures
from modelport.adapters.http.bodies import chunks_of
from modelport.adapters.http.failures import translate
from modelport.adapters.provider_client.client import ProviderClient
from modelport.adapters.wire.errors import NotUnderstood
from modelport.adapters.wire.json_values import decode
from modelport.adapters.wire.request import HttpRequest
from modelport.domain.errors import RequestFailed
from modelport.domain.models.listing import ListedModel, Listing, PullProgress
from modelport.domain.providers.connection import Endpoint
from modelport.protocol.shapes import is_list

if TYPE_CHECKING:
    import httpx2

    from modelport.domain.models.ports import Progress

MAX_CONCURRENT_SHOWS = 4
MAX_SHOWN_MODELS = 200
SHOW_TIMEOUT_S = 10.0
DELETE_TIMEOUT_S = 60.0
MAX_LINE_BYTES = 64 * 1024
LINES_AT_ONCE = 256
"""Lines of one chunk that are read before other tasks have their turn."""
KEY_HEADER = "Authorization"
READS = (("vision", "image"), ("audio", "audio"))
"""Ollama's words for what a model reads, and the contract's."""
DOES = (("insert", "fim"), ("embedding", "embeddings"), ("image", "images"))
"""Likewise for what else it does; its ``image`` is a model that draws."""


class _Shown(Struct):
    capabilities: list[str] | None = None
    model_info: dict[str, Any] = {}


class _Line(Struct):
    status: str = ""
    digest: str = ""
    total: int = 0
    completed: int = 0
    error: str | None = None


_SHOWN = msgspec.json.Decoder(_Shown)
_LINE = msgspec.json.Decoder(_Line)


class OllamaModels:
    """The requests, over a client."""

    def __init__(self, client: ProviderClient) -> None:
        self._client = client

    async def detailed(self, endpoint: Endpoint, listing: Listing, known: Listing | None) -> Listing:
        """The list with what each model can do; a model that has not changed is not requested again."""
        old = {m.id: m for m in (known.models if known else ()) if m.detailed and m.revision}
        found = {m.id: old[m.id] if m.id in old and old[m.id].revision == m.revision else m for m in listing.models}
        limiter = anyio.CapacityLimiter(MAX_CONCURRENT_SHOWS)

        async def show(model: ListedModel) -> None:
            async with limiter:
                try:
                    found[model.id] = await self._shown(endpoint, model)
                except RequestFailed:
                    # The list itself is good; what this model can do stays unknown.
                    return

        async with anyio.create_task_group() as tasks:
            for model in [model for model in found.values() if not model.detailed][:MAX_SHOWN_MODELS]:
                tasks.start_soon(show, model)
        return Listing(models=tuple(found.values()), etag=listing.etag)

    async def pull(self, endpoint: Endpoint, model: str, progress: Progress) -> None:
        """Fetches a model."""
        download = _Download(endpoint, progress)
        outgoing = HttpRequest("/api/pull", {}, KEY_HEADER, {"model": model, "stream": True})
        async with self._client.post(endpoint, model, outgoing) as (response, idle):
            try:
                await _follow(response, idle.touch, download)
            except NotUnderstood as error:
                raise failures.not_understood(endpoint, model, error.data, str(error)) from error
            except _Refused as refused:
                raise failures.refused_inside(endpoint, model, refused.line) from refused
            except Exception as error:
                raise _broke_off(endpoint, model, translate(endpoint, model, error, begun=True)) from error
        if not download.complete:
            raise _broke_off(endpoint, model, None)

    async def delete(self, endpoint: Endpoint, model: str) -> None:
        """Deletes a model."""
        outgoing = HttpRequest("/api/delete", {}, KEY_HEADER, {"model": model})
        await self._client.fetch("DELETE", endpoint, model, outgoing, DELETE_TIMEOUT_S)

    async def _shown(self, endpoint: Endpoint, model: ListedModel) -> ListedModel:
        outgoing = HttpRequest("/api/show", {}, KEY_HEADER, {"model": model.id})
        reply = await self._client.fetch("POST", endpoint, model.id, outgoing, SHOW_TIMEOUT_S)
        try:
            shown = decode(_SHOWN, reply.body)
        except NotUnderstood:
            return model
        return _with_details(model, shown)


class _Refused(Exception):
    """A line reports that the download has failed."""

    def __init__(self, line: bytes) -> None:
        super().__init__("the download failed")
        self.line = line


class _Download:
    """Adds up the layers of a model and reports each change; progress never goes back."""

    def __init__(self, endpoint: Endpoint, progress: Progress) -> None:
        self._endpoint = endpoint
        self.complete = False
        self._progress = progress
        self._layers: dict[str, tuple[int, int]] = {}
        self._done = self._total = 0
        """The sums of the layers."""
        self._reported: tuple[str, int | None, int] | None = None

    def line(self, data: bytes) -> None:
        """One line of the reply."""
        line = decode(_LINE, data)
        if line.error:
            raise _Refused(data)
        if line.digest and line.total > 0:
            before, total = self._layers.get(line.digest, (0, 0))
            done = min(max(line.completed, before), line.total)
            self._layers[line.digest] = (done, line.total)
            self._done += done - before
            self._total += line.total - total
        self.complete = line.status == "success"
        now = PullProgress(
            status=failures.clean(self._endpoint, line.status)[:200],
            completed_bytes=self._done,
            total_bytes=self._total,
        )
        progress = (now.status, now.percentage, now.total_bytes)
        if progress != self._reported:
            self._reported = progress
            self._progress(now)


async def _follow(response: httpx2.Response, touch: Callable[[], None], download: _Download) -> None:
    rest = b""
    async with chunks_of(response) as chunks:
        async for chunk in chunks:
            touch()
            *lines, rest = (rest + chunk).split(b"\n")
            for number, line in enumerate(lines, 1):
                if line.strip():
                    download.line(line)
                if number % LINES_AT_ONCE == 0:
                    await anyio.lowlevel.checkpoint()
            if len(rest) > MAX_LINE_BYTES:
                raise NotUnderstood(rest, "a line without end")
    if rest.strip():
        download.line(rest)


def _with_details(model: ListedModel, shown: _Shown) -> ListedModel:
    sizes = [v for k, v in shown.model_info.items() if k.endswith(".context_length") and isinstance(v, int) and v > 0]
    changes: dict[str, Any] = {"detailed": True, "context_window": max(sizes, default=model.context_window)}
    if is_list(shown.capabilities):
        can = set(shown.capabilities)
        changes |= {
            "tools": "tools" in can,
            "reasoning": "thinking" in can,
            "input_modalities": ("text", *(name for word, name in READS if word in can)),
            "capabilities": tuple(name for word, name in DOES if word in can),
        }
    return msgspec.structs.replace(model, **changes)


def _broke_off(endpoint: Endpoint, model: str, error: Exception | None) -> Exception:
    if isinstance(error, RequestFailed) and error.kind != "stream_interrupted":
        return error
    return RequestFailed(
        "stream_interrupted",
        f"{endpoint.provider.display_name} broke off the download of {model}: pull it again to go on from there.",
        provider=endpoint.provider.id,
        model=model,
        action="pull it again",
    )
