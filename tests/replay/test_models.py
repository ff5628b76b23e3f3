"""Every recorded list of models, replayed by a real HTTP server that cuts it anywhere."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from modelport.adapters.data.models import load_catalog_file
from modelport.app.core import Core
from modelport.app.session import App
from modelport.domain.models.catalog import Catalog
from modelport.protocol import types
from modelport.protocol.secret import Secret
from support.http_server import Answer, LocalServer, Received
from support.recordings import ROOT, Recording, find

KINDS = {"models": "openai_chat", "ollama-admin": "ollama"}
LISTS = find(KINDS)
EXCEPTIONS = {
    "huggingface/models-sync-2.json": "a redirect of one model's page, not a list",
    "novita/models-sync-1.json": "a table of Lua, as a test of an editor's plug-in keeps it, not JSON",
}
DIALECTS = {"anthropic": "anthropic_messages", "gemini": "gemini"}
CANARY = "canary-7f3a9c51d2e84b60"


def test_recordings_are_there_in_ci() -> None:
    if not LISTS:
        message = f"no recordings at {ROOT}: set MODELPORT_RECORDINGS"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    assert {recording.data["kind"] for recording in LISTS} == set(KINDS)
    assert set(EXCEPTIONS) <= {recording.name for recording in LISTS}
    assert len(LISTS) >= 25


class Shelf:
    """A server that answers every page and detail request with one list, marked as the last page."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.server = LocalServer(self._answer)
        self.asked: list[Received] = []
        self.closed = False

    def _answer(self, request: Received) -> Answer:
        if request.path.endswith("/api/show"):
            return Answer(404, {"Content-Type": "application/json"}, [b'{"error":"not recorded"}'])
        if self.closed:
            return Answer(503)
        if self.asked:
            return Answer(200, {"Content-Type": "application/json"}, [b"{}"])
        self.asked.append(request)
        return Answer(self.recording.status, self.recording.headers, self.recording.chunks())


@pytest.fixture
async def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[App]:
    monkeypatch.setenv("MODELPORT_DATA_DIR", str(tmp_path))
    app = App(Core())
    yield app
    await app.core.aclose()


async def listed(app: App, recording: Recording, url: str) -> types.ListModelResult:
    dialect = KINDS[recording.data["kind"]]
    if recording.data["kind"] == "models":
        dialect = DIALECTS.get(recording.provider, dialect)
    await app.connections.connect(
        types.ConnectProviderParams(
            provider=recording.provider,
            base_url=url,
            dialect=dialect,  # type: ignore[arg-type]
            api_key=Secret(CANARY),
            verify=False,
        )
    )
    with anyio.fail_after(15):
        return await (await app.models.get()).listing.list(types.ListModelParams(provider=recording.provider))


@pytest.mark.parametrize("recording", LISTS, ids=lambda recording: recording.name)
async def test_list(app: App, recording: Recording) -> None:
    if recording.name in EXCEPTIONS:
        pytest.skip(EXCEPTIONS[recording.name])
    shelf = Shelf(recording)
    with shelf.server as server:
        result = await listed(app, recording, server.url)
        live = [model for model in result.models if model.source == "live"]
        if recording.fails:
            check_failure(recording, result, live)
            return
        assert result.errors == ()
        ids = [name.removeprefix("models/") for name in recording.expected["ids"]]
        assert len(live) == recording.expected["count"]
        assert {model.id for model in live} >= set(ids)
        assert in_order([model.id for model in live], ids, curated(recording.provider))
        check_facts(recording, {model.id: model for model in live})


def check_failure(recording: Recording, result: types.ListModelResult, live: list[types.Model]) -> None:
    (failed,) = result.errors
    assert live == []
    assert failed.provider == recording.provider
    assert failed.error.kind == {401: "auth_rejected"}[recording.status]
    assert CANARY not in failed.error.message
    assert "\n" not in failed.error.message


def in_order(found: list[str], expected: list[str], first: set[str]) -> bool:
    """Whether the provider's order is kept, after the models that the reference documents name."""
    rest = [name for name in found if name not in first]
    wanted = [name for name in expected if name not in first]
    return rest[: len(wanted)] == wanted and all(name in first for name in found[: len(found) - len(rest)])


def curated(provider: str) -> set[str]:
    return {model.id for model in Catalog(load_catalog_file().models).of(provider) if model.curated}


def check_facts(recording: Recording, models: dict[str, types.Model]) -> None:
    """The facts of these lists beyond names, read by eye."""
    match recording.name:
        case "github-copilot/models-sync-1.json":
            model = models["claude-opus-4.7"]
            assert (model.context_window, model.max_output_tokens) == (264000, 64000)
            assert (model.tools, model.reasoning, model.input_modalities) == (True, True, ("text", "image"))
            assert (model.notice or "").startswith("Not enabled for this account. Enable access to the latest")
        case "gemini/models-sync-1.json":
            model = models["gemini-2.5-flash"]
            assert (model.context_window, model.max_output_tokens, model.reasoning) == (1048576, 65536, True)
            assert model.display_name == "Gemini 2.5 Flash"
        case "mistral/models-sync-2.json":
            model = models["mistral-medium-2505"]
            assert (model.context_window, model.tools, model.reasoning) == (131072, True, False)
        case "perplexity/models-sync-1.json":
            price = models["anthropic/claude-haiku-4-5"].price
            assert price == types.Price(
                input_usd_per_mtok=1,
                output_usd_per_mtok=5,
                cache_read_usd_per_mtok=0.1,
                cache_write_usd_per_mtok=1.25,
            )
        case "vllm/models-sync-1.json":
            model = models["Qwen/Qwen3-0.6B"]
            assert (model.context_window, model.price) == (
                8192,
                types.Price(input_usd_per_mtok=0, output_usd_per_mtok=0),
            )
        case "anthropic/models-sync-1.json":
            assert models["claude-opus-4-5-20251101"].display_name == "Claude Opus 4.5"
        case _:
            pass


@pytest.mark.parametrize("recording", [r for r in LISTS if r.status == 200 and r.name not in EXCEPTIONS], ids=str)
async def test_a_kept_list_is_the_list(app: App, recording: Recording) -> None:
    """A cached list is returned unchanged when the provider fails."""
    shelf = Shelf(recording)
    with shelf.server as server:
        first = await listed(app, recording, server.url)
        shelf.closed = True
        again = await (await app.models.get()).listing.list(
            types.ListModelParams(provider=recording.provider, refresh=True)
        )
    assert again.models == first.models
    assert [(failed.provider, failed.error.kind) for failed in again.errors] == [
        (recording.provider, "provider_unavailable")
    ]
