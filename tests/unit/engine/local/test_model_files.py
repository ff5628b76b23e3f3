"""Model files behind everything that is called: what a name means, when a server is needed, and what is reported."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import anyio
import pytest

from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.errors import RequestFailed
from modelport.domain.gguf import GgufHeader
from modelport.domain.local.model_files import FoundFile, OnProgress, Plan, Served, catalogued
from modelport.domain.models.listing import Listing
from modelport.domain.operations.calls import CountCall, Embedded, EmbeddingCall, TokenCount
from modelport.domain.providers.configuration import LocalModelsEntry
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.model_file import ModelFile
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.wire.operations import EmbeddingsWire
from modelport.engine.local.completions import LocalDialects
from modelport.engine.local.model_files import LocalModels
from modelport.engine.local.operations import LocalLister, LocalOperations
from modelport.protocol.secret import Secret
from modelport.protocol.types import Message
from support.builders import MemoryStore, RecordingListener, Scripted, Variables, connections, row, user, writes

LOCAL = row("files", runner="gguf", connection_type="local", category="Local", auth="none", requires_api_key=False, base_url="http://localhost:8080/v1", base_url_env_vars=("FILES_URL",))  # fmt: skip
OTHER = row("plain", connection_type="local", auth="none", requires_api_key=False)
SERVED = Served(base_url="http://127.0.0.1:4321/v1", key=Secret("own-key-0123456789"))


class Folder:
    """A ``ModelFolder`` in memory."""

    def __init__(self, *files: FoundFile, trouble: OSError | None = None, program: bool = True) -> None:
        self.files, self.trouble, self.program = files, trouble, program

    async def models(self, folder: str) -> Sequence[ModelFile]:
        if self.trouble is not None:
            raise self.trouble
        return catalogued(self.files)

    async def can_serve(self, entry: LocalModelsEntry) -> bool:
        return self.program


class Runner:
    """A ``ModelRunner`` that records its plans; ``gate`` holds up a start."""

    def __init__(self) -> None:
        self.plans: list[Plan] = []
        self.inside = 0
        self.running = False
        self.closed = False
        self.trouble: RequestFailed | None = None
        self.gate: anyio.Event | None = None

    @asynccontextmanager
    async def serving(self, plan: Plan, on_progress: OnProgress) -> AsyncGenerator[Served]:
        self.plans.append(plan)
        on_progress(f"Starting {plan.model.id}")
        if self.gate is not None:
            await self.gate.wait()
        if self.trouble is not None:
            raise self.trouble
        self.inside += 1
        try:
            yield SERVED
        finally:
            self.inside -= 1

    def runs(self, plan: Plan) -> bool:
        return self.running

    async def aclose(self) -> None:
        self.closed = True


def file(name: str, **changes: Any) -> FoundFile:
    header = GgufHeader(architecture="llama", context_length=4096, quantization="Q8_0", size_label="1B")
    return FoundFile(
        **{"relative": f"{name}.gguf", "path": f"/m/{name}.gguf", "size_bytes": 7, "header": header, **changes}
    )


class Made:
    """An engine over a folder."""

    def __init__(
        self, *files: FoundFile, configured: bool = True, folder: Folder | None = None, **settings: Any
    ) -> None:
        self.registry = Registry([LOCAL, OTHER])
        if configured:
            self.registry.local_models = LocalModelsEntry(folder="/m", **settings)
        self.folder, self.runner = folder or Folder(*(files or (file("tiny"), file("sub/Coder")))), Runner()
        self.loads = 0
        self.statuses: list[tuple[bool, str]] = []
        self.local = LocalModels(self.registry, lambda: frozenset({"A_KEY"}), self._load, self._loading)
        self.scripted = Scripted(files=writes("hello"), plain=writes("hello"))
        self.dialects = LocalDialects(self.scripted, self.local)

    @contextmanager
    def _loading(self, message: str) -> Iterator[None]:
        self.statuses.append((True, message))
        try:
            yield
        finally:
            self.statuses.append((False, message))

    def _load(self) -> tuple[Folder, Runner]:
        self.loads += 1
        return self.folder, self.runner

    async def call(self, model: str = "tiny", provider: Any = LOCAL) -> ModelCall:
        endpoint = await self.connections().endpoint(provider, model)
        return ModelCall(endpoint=endpoint, model=model, messages=(Message(role="user", content="hi"),))

    def connections(self, **variables: str) -> Any:
        environment = Variables(**variables)
        return connections(self.registry, environment, MemoryStore(), self.dialects, folder=self.local)[1]


async def complete(made: Made, call: ModelCall) -> RecordingListener:
    heard = RecordingListener()
    await (await made.dialects.get(call.endpoint)).complete(call, Answer(heard))
    return heard


async def test_a_call_goes_to_a_server_that_is_there_for_as_long_as_it_lasts() -> None:
    made = Made()

    async def play(call: ModelCall, answer: Answer) -> None:
        assert made.runner.inside == 1
        answer.text("hello")

    made.scripted.plays["files"] = play
    call = await made.call()
    assert (call.endpoint.base_url, call.endpoint.dialect, made.runner.plans) == ("", "openai_chat", [])
    await complete(made, call)
    (sent,) = made.scripted.calls
    assert (sent.endpoint.base_url, sent.endpoint.credential.secret) == (SERVED.base_url, SERVED.key)
    assert (made.runner.plans[0].secret_env_vars, made.runner.inside) == (frozenset({"A_KEY"}), 0)
    assert made.statuses == [(True, "Loading tiny"), (False, "Loading tiny")]


async def test_a_running_server_is_not_reported() -> None:
    made = Made()
    made.runner.running = True
    await complete(made, await made.call())
    assert made.statuses == []


async def test_each_start_is_reported() -> None:
    made = Made()
    made.runner.gate = anyio.Event()
    async with anyio.create_task_group() as tasks:
        for name in ("tiny", "coder"):
            tasks.start_soon(complete, made, await made.call(name))
        await anyio.wait_all_tasks_blocked()
        assert [busy for busy, _ in made.statuses] == [True, True]
        made.runner.gate.set()
    assert [busy for busy, _ in made.statuses] == [True, True, False, False]


async def test_a_server_that_does_not_start_is_the_providers_failure() -> None:
    made = Made()
    made.runner.trouble = RequestFailed("provider_unavailable", "No.")
    with pytest.raises(RequestFailed) as failed:
        await complete(made, await made.call("CODER.gguf"))
    assert (failed.value.provider, failed.value.model) == ("files", "Coder")
    assert made.statuses[-1] == (False, "Loading Coder")
    assert made.scripted.calls == []


async def test_a_call_of_another_provider_touches_nothing() -> None:
    made = Made()
    call = await made.call("m", OTHER)
    await complete(made, call)
    assert made.scripted.calls == [call]
    assert made.loads == 0


async def test_without_a_folder_the_row_is_as_it_was() -> None:
    made = Made(configured=False)
    assert (await made.connections().endpoint(LOCAL, "tiny")).base_url == LOCAL.base_url
    assert made.loads == 0


async def test_an_address_of_the_environment_comes_first() -> None:
    made = Made()
    endpoint = await made.connections(FILES_URL="http://localhost:99/v1").endpoint(LOCAL, "tiny")
    assert (endpoint.base_url, endpoint.folder) == ("http://localhost:99/v1", None)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("tinny", "did you mean tiny"),
        ("nothing", "there are Coder, tiny"),
        ("bad", "ends in the middle"),
        ("projector", "companion file"),
        ("ranker", "is a reranker"),
        ("same", "write one of a/same, b/same"),
    ],
)
async def test_unknown_names(name: str, reason: str) -> None:
    odd = (
        file("bad", header=None, trouble="ends in the middle"),
        file("projector", header=GgufHeader(architecture="clip")),
        file("ranker", header=GgufHeader(architecture="bert", task="rerank")),
    )
    twice = (file("a/same"), file("b/same")) if name == "same" else ()
    made = Made(file("tiny"), file("Coder"), *odd, *twice)
    with pytest.raises(RequestFailed) as failed:
        await made.call(name)
    assert (failed.value.kind, failed.value.provider) == ("model_not_found", "files")
    assert reason in failed.value.message
    assert "/m" not in failed.value.message


async def test_an_empty_folder_and_one_that_cannot_be_read() -> None:
    with pytest.raises(RequestFailed, match="has none"):
        await Made(folder=Folder()).call()
    with pytest.raises(RequestFailed) as failed:
        await Made(folder=Folder(trouble=PermissionError(13, "Permission denied", "/m"))).call()
    assert failed.value.kind == "provider_unavailable"
    assert "/m" not in failed.value.message


async def test_the_list() -> None:
    made = Made(file("tiny"), file("bad", header=None, trouble="is broken"), context_length=1024)
    endpoint = await made.connections().endpoint(LOCAL, None)
    lister = LocalLister(None, made.local)  # type: ignore[arg-type]
    listing = await lister.models(endpoint, None)
    assert listing is not None
    (model,) = listing.models
    assert (model.id, model.size_bytes, model.quantization, model.parameter_size) == ("tiny", 7, "Q8_0", "1B")
    assert model.context_window == 1024, "what the server is told counts"


async def test_the_list_tells_models_of_embeddings_from_those_that_answer() -> None:
    made = Made(file("tiny"), file("vectors", header=GgufHeader(architecture="bert", task="embeddings")))
    endpoint = await made.connections().endpoint(LOCAL, None)
    listing = await LocalLister(None, made.local).models(endpoint, None)  # type: ignore[arg-type]
    assert listing is not None
    assert {model.id: model.capabilities for model in listing.models} == {"tiny": (), "vectors": ("embeddings",)}


async def test_the_list_of_another_provider_is_its_own() -> None:
    class Lister:
        async def models(self, endpoint: Endpoint, known: Listing | None) -> Listing | None:
            assert endpoint.provider is OTHER
            return known

    made = Made()
    known = Listing(models=())
    endpoint = await made.connections().endpoint(OTHER, None)
    assert await LocalLister(Lister(), made.local).models(endpoint, known) is known
    assert made.loads == 0


class Operations:
    """Embeds and counts; records the endpoints, and how many servers were running."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.calls: list[tuple[str, int]] = []

    async def embed(self, call: EmbeddingCall) -> Embedded:
        self.calls.append((call.endpoint.base_url, self.runner.inside))
        return Embedded(((1.0,),), 3)

    async def count(self, call: CountCall) -> TokenCount | None:
        self.calls.append((call.endpoint.base_url, self.runner.inside))
        return TokenCount(3, estimated=False)


async def test_vectors_of_a_model_file_start_its_server_and_a_count_does_not() -> None:
    made = Made()
    operations = Operations(made.runner)
    local = LocalOperations(operations, made.local)
    endpoint = (await made.call()).endpoint
    count = CountCall(endpoint=endpoint, model="tiny", messages=(user(),))
    assert await local.count(count) is None
    assert (made.runner.plans, operations.calls) == ([], [])
    await local.embed(EmbeddingCall(endpoint=endpoint, wire=EmbeddingsWire(), model="tiny", texts=("a",)))
    assert operations.calls == [(SERVED.base_url, 1)]
    made.runner.running = True
    assert await local.count(count) == TokenCount(3, estimated=False)
    assert operations.calls == [(SERVED.base_url, 1)] * 2
    assert made.runner.inside == 0


async def test_vectors_and_counts_of_another_provider_start_nothing() -> None:
    made = Made()
    operations = Operations(made.runner)
    local = LocalOperations(operations, made.local)
    endpoint = (await made.call("m", OTHER)).endpoint
    await local.embed(EmbeddingCall(endpoint=endpoint, wire=EmbeddingsWire(), model="m", texts=("a",)))
    await local.count(CountCall(endpoint=endpoint, model="m", messages=(user(),)))
    assert operations.calls == [(OTHER.base_url, 0)] * 2
    assert made.loads == 0


async def test_a_folder_that_the_configuration_no_longer_names_is_reported() -> None:
    made = Made()
    call = await made.call()
    made.registry.local_models = None
    with pytest.raises(RequestFailed, match="names no folder") as failed:
        await complete(made, call)
    assert (failed.value.kind, failed.value.action) == ("provider_unavailable", "try again")


async def test_a_check_of_the_connection_starts_nothing() -> None:
    made = Made()
    endpoint = (await made.call()).endpoint
    completer = await made.dialects.get(endpoint)
    assert (await completer.verify(endpoint)).models == ("Coder", "tiny")
    await completer.prepare(endpoint)
    assert made.scripted.prepared[0].base_url.startswith("http://127.0.0.1")
    made.folder.program = False
    with pytest.raises(RequestFailed, match="install llama"):
        await completer.verify(endpoint)
    assert made.runner.plans == []


@pytest.mark.parametrize(
    ("made", "status", "detail"),
    [
        (lambda: Made(configured=False), "ok", "no folder"),
        (lambda: Made(), "ok", "/m, models: 2"),
        (lambda: Made(folder=Folder()), "warn", "models: 0"),
        (lambda: Made(file("a"), file("b", header=None, trouble="is broken"), file("c", header=None, trouble="x")), "warn", "models: 1; b is broken; and 1 more"),
        (lambda: Made(folder=Folder(file("a"), program=False)), "fail", "no program llama-server"),
        (lambda: Made(folder=Folder(trouble=FileNotFoundError(2, "No such file or directory"))), "fail", "No such file"),
    ],
)  # fmt: skip
async def test_the_doctors_check(made: Any, status: str, detail: str) -> None:
    check = await made().local.check()
    assert (check.id, check.status) == ("localModels", status)
    assert detail in check.detail
    assert (check.action is None) == (status == "ok")


async def test_closing_ends_the_servers_if_there_can_be_any() -> None:
    made = Made()
    await made.local.aclose()
    assert made.loads == 0
    await made.call()
    await made.local.aclose()
    assert made.runner.closed
