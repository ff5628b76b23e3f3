"""Embeddings, images, judgements, counts and credit over stand-ins: what is sent, recorded and refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import msgspec
import pytest

from modelport.adapters.failover.memory import MemoryCircuits
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.failover.circuits import Route, route_of
from modelport.domain.failover.steps import MAX_ATTEMPTS
from modelport.domain.operations.calls import (
    Balance,
    CountCall,
    Credit,
    CreditCall,
    Drawn,
    Embedded,
    EmbeddingCall,
    ImageCall,
    Judged,
    ModerationCall,
    TokenCount,
)
from modelport.domain.providers.configuration import FailoverEntry
from modelport.domain.providers.connection import Overrides
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.wire.operations import (
    CreditsWire,
    EmbeddingsWire,
    ImagesWire,
    ModerationWire,
    TokenCountWire,
)
from modelport.engine.calls.recorder import Caller, CallRecorder, Origin
from modelport.engine.completions.key_warnings import KeyWarnings
from modelport.engine.operations.attempts import KeyAttempts
from modelport.engine.operations.balances import Balances
from modelport.engine.operations.calls import OperationCalls
from modelport.engine.operations.embeddings import Embeddings
from modelport.engine.operations.images import Images
from modelport.engine.operations.moderations import Moderations
from modelport.engine.operations.refusals import Refusals
from modelport.engine.operations.token_counts import TokenCounts
from modelport.protocol import types
from support.builders import (
    FixedClock,
    Lines,
    MemoryLedger,
    MemoryStore,
    Scripted,
    Variables,
    connections,
    no_prices,
    row,
    user,
)

EVERYTHING = ("chat", "embeddings", "images", "moderation")
ACME = row(
    "acme",
    capabilities=EVERYTHING,
    default_model="chatty",
    api_key_env_vars=("ACME_API_KEY", "ACME_SECOND_KEY", *(f"ACME_KEY_{n}" for n in range(2, 8))),
    wire={
        "embeddings": EmbeddingsWire(default_model="vectors", batch=2),
        "images": ImagesWire(default_model="brush"),
        "moderation": ModerationWire(default_model="judge"),
        "token_count": TokenCountWire(form="vllm"),
        "credits": (CreditsWire(path="/credits", remaining="left"),),
    },
)
PLAIN = row("plain", capabilities=("chat", "embeddings"), default_model="chatty")
OTHERS = [row(name, capabilities=EVERYTHING) for name in ("beta", "gamma", "delta")]
DUMB = row("dumb", capabilities=("chat",))


class Stub:
    """``Operations`` that answer by plan; ``trouble`` is raised by the call of that number, from 1."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.trouble: dict[int, BaseException] = {}
        self.counted: TokenCount | None = TokenCount(11, estimated=False)
        self.tokens: int | None = 5
        self.balances = (
            Balance(currency="CNY", remaining=70, total=None, used=None),
            Balance(currency="USD", remaining=10, total=30, used=20),
        )
        self.waiting = anyio.Event()
        self.stalls = False

    async def _called(self, call: Any) -> None:
        self.calls.append(call)
        if self.stalls:
            self.waiting.set()
            await anyio.sleep_forever()
        if error := self.trouble.get(len(self.calls)):
            raise error

    async def embed(self, call: EmbeddingCall) -> Embedded:
        await self._called(call)
        return Embedded(tuple((float(len(text)), 0.0) for text in call.texts), self.tokens)

    async def draw(self, call: ImageCall) -> Drawn:
        await self._called(call)
        return Drawn((types.Image(url="https://x.example/1"),) * call.count, self.tokens, 7)

    async def moderate(self, call: ModerationCall) -> Judged:
        await self._called(call)
        bad = [text == "bad" for text in call.texts]
        judgements = [
            types.Judgement(flagged=b, categories={"hate": b}, scores={"hate": 0.9 if b else 0.1}) for b in bad
        ]
        return Judged(tuple(judgements), self.tokens)

    async def count(self, call: CountCall) -> TokenCount | None:
        await self._called(call)
        return self.counted

    async def credit(self, call: CreditCall) -> Credit:
        await self._called(call)
        return Credit("account", self.balances)


class Bench:
    """The use cases over the stub."""

    def __init__(self) -> None:
        self.stub = Stub()
        self.ledger = MemoryLedger()
        self.log = Lines()
        self.recorded: list[types.Call] = []
        self.shown: list[str] = []
        registry = self.registry = Registry([ACME, PLAIN, *OTHERS, DUMB], {"acme": Overrides(several_keys=True)})
        keys = {f"{name.upper()}_API_KEY": "key-0123456789" for name in ("acme", "plain", "dumb")}
        self.variables = Variables(**keys)
        _, self.connections = connections(registry, self.variables, MemoryStore(), Scripted())
        self.circuits = MemoryCircuits(FixedClock(), lambda: 0.5)
        refusals = partial(Refusals, self.circuits, KeyWarnings(FixedClock()))
        attempts = KeyAttempts(self.connections, self.circuits, FixedClock().now_ms, refusals)
        recorder = CallRecorder(self.ledger, no_prices(), FixedClock(), self.log)
        calls = OperationCalls(self.connections, recorder, attempts)
        self.embeddings = Embeddings(calls, self.stub)
        self.images = Images(calls, self.stub)
        self.moderations = Moderations(calls, self.stub)
        self.token_counts = TokenCounts(self.connections, self.stub, attempts)
        self.balances = Balances(registry, self.connections, self.stub)
        self.caller = Caller(
            Origin("vim", "harbour"), lambda call, _: self.recorded.append(call), warn=self.shown.append
        )

    async def embed(self, *texts: str, **params: Any) -> types.CreateEmbeddingResult:
        params.setdefault("model", "acme/vectors")
        return await self.embeddings.create(types.CreateEmbeddingParams(input=texts, **params), self.caller)


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_texts_go_in_batches_and_come_back_in_order(bench: Bench) -> None:
    result = await bench.embed("a", "bb", "ccc", "dddd", "eeeee", dimensions=2, input_type="query")
    assert [call.texts for call in bench.stub.calls] == [("a", "bb"), ("ccc", "dddd"), ("eeeee",)]
    assert {(call.dimensions, call.input_type, call.model) for call in bench.stub.calls} == {(2, "query", "vectors")}
    assert [vector[0] for vector in result.embeddings] == [1, 2, 3, 4, 5]
    assert (result.model, result.provider) == ("vectors", "acme")
    assert (result.usage.input_tokens, result.usage.output_tokens, result.usage.estimated) == (15, 0, False)
    assert result.usage.usd_micros is None


async def test_one_call_is_recorded_with_who_asked(bench: Bench) -> None:
    result = await bench.embed("a", "bb", "ccc")
    (record,) = bench.ledger.records
    assert (record.provider, record.model, record.outcome, record.usage) == ("acme", "vectors", "ok", result.usage)
    assert (record.client, record.project, record.error_kind, record.finish_reason) == ("vim", "harbour", None, None)
    assert [call.usage for call in bench.recorded] == [result.usage]
    (health,) = bench.connections.status().health
    assert (health.provider, health.ok, health.calls) == ("acme", True, 1)


async def test_what_the_provider_does_not_count_is_estimated(bench: Bench) -> None:
    bench.stub.tokens = None
    result = await bench.embed("x" * 9, "y")
    assert (result.usage.input_tokens, result.usage.estimated) == (4, True)


async def test_a_failure_is_recorded_with_what_was_used_until_then(bench: Bench) -> None:
    bench.stub.trouble[2] = RequestFailed("rate_limited", "Wait.", provider="acme")
    with pytest.raises(RequestFailed) as failed:
        await bench.embed("a", "bb", "ccc")
    (record,) = bench.ledger.records
    assert (record.outcome, record.error_kind, record.usage.input_tokens) == ("failed", "rate_limited", 5)
    assert failed.value.usage == record.usage
    assert bench.connections.status().health[0].ok is False


async def test_a_bug_is_recorded_as_a_failure(bench: Bench) -> None:
    bench.stub.trouble[1] = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        await bench.embed("a")
    assert [(record.outcome, record.error_kind) for record in bench.ledger.records] == [("failed", None)]


async def test_a_cancelled_call_is_recorded(bench: Bench) -> None:
    bench.stub.stalls = True
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(bench.embed, "a")
        await bench.stub.waiting.wait()
        tasks.cancel_scope.cancel()
    assert [record.outcome for record in bench.ledger.records] == ["cancelled"]
    assert bench.connections.status().health == ()


async def test_nothing_that_was_not_sent_is_recorded(bench: Bench) -> None:
    bench.stub.trouble[1] = InvalidParams("No.", field="inputType")
    with pytest.raises(InvalidParams):
        await bench.embed("a")
    assert bench.ledger.records == []
    assert bench.connections.status().health == ()


async def test_a_broken_ledger_spoils_no_answer(bench: Bench) -> None:
    bench.ledger.trouble = RequestFailed("unsupported", "The disk is full.")
    assert (await bench.embed("a")).embeddings
    assert bench.log.warnings == ["a call was not recorded: The disk is full."]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"input": ""}, "input"),
        ({"input": ()}, "input"),
        ({"input": ("a", "")}, "input[1]"),
        ({"input": "a", "dimensions": 0}, "dimensions"),
        ({"input": "a", "dimensions": 1 << 20}, "dimensions"),
        ({"input": "a", "model": None}, "model"),
        ({"input": "a", "model": "acme/"}, "model"),
        ({"input": "a", "model": None, "provider": "unknown"}, "provider"),
        ({"input": "a", "model": None, "provider": "beta"}, "model"),
    ],
)
async def test_wrong_params(bench: Bench, params: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        await bench.embeddings.create(types.CreateEmbeddingParams(**{"model": "acme/vectors", **params}), bench.caller)
    assert refused.value.field == field
    assert bench.stub.calls == []


async def test_a_provider_without_a_model_has_a_usual_one_for_each(bench: Bench) -> None:
    await bench.embeddings.create(types.CreateEmbeddingParams(input="a", provider="acme"), bench.caller)
    await bench.images.create(types.CreateImageParams(prompt="a", provider="acme"), bench.caller)
    await bench.moderations.create(types.CreateModerationParams(input="a", provider="acme"), bench.caller)
    assert [call.model for call in bench.stub.calls] == ["vectors", "brush", "judge"]


async def test_a_connections_model_counts_where_the_row_has_none(bench: Bench) -> None:
    for name, used in (("plain/own", "own"), ("acme/own", "vectors")):
        await bench.connections.connect(types.ConnectProviderParams(model=name, verify=False))
        await bench.embeddings.create(types.CreateEmbeddingParams(input="a"), bench.caller)
        assert bench.stub.calls[-1].model == used


@pytest.mark.parametrize("what", ["embeddings", "images", "moderations"])
async def test_who_cannot_says_who_can(bench: Bench, what: str) -> None:
    create: dict[str, Callable[[], Any]] = {
        "embeddings": lambda: bench.embed("a", model="dumb/m"),
        "images": lambda: bench.images.create(types.CreateImageParams(prompt="a", model="dumb/m"), bench.caller),
        "moderations": lambda: bench.moderations.create(
            types.CreateModerationParams(input="a", model="dumb/m"), bench.caller
        ),
    }
    with pytest.raises(RequestFailed) as failed:
        await create[what]()
    assert (failed.value.kind, failed.value.provider) == ("unsupported", "dumb")
    assert "acme" in failed.value.message
    assert "dumb" not in failed.value.message
    assert bench.stub.calls == []


async def test_another_wire_format_than_the_rows_is_asked_in_its_own_form_or_not_at_all(bench: Bench) -> None:
    params = types.ConnectProviderParams(
        provider="acme", base_url="http://127.0.0.1:9", dialect="ollama", verify=False, model="acme/m"
    )
    await bench.connections.connect(params)
    await bench.embed("a")
    assert bench.stub.calls[-1].wire.form == "ollama"
    with pytest.raises(RequestFailed) as failed:
        await bench.images.create(types.CreateImageParams(prompt="a", provider="acme"), bench.caller)
    assert failed.value.kind == "unsupported"
    with pytest.raises(RequestFailed) as failed:
        await bench.balances.look_up(types.CreditsUsageParams(provider="acme"))
    assert failed.value.kind == "unsupported"


async def test_a_wire_format_without_embeddings_is_refused_as_such(bench: Bench) -> None:
    params = types.ConnectProviderParams(provider="acme", dialect="anthropic_messages", verify=False, model="acme/m")
    await bench.connections.connect(params)
    with pytest.raises(RequestFailed, match="cannot embed texts") as failed:
        await bench.embed("a")
    assert (failed.value.kind, bench.stub.calls) == ("unsupported", [])


async def test_images(bench: Bench) -> None:
    params = types.CreateImageParams(prompt="a harbour", model="acme/brush", count=3, size="16:9")
    result = await bench.images.create(params, bench.caller)
    assert (len(result.images), result.model, result.provider) == (3, "brush", "acme")
    assert (result.usage.input_tokens, result.usage.output_tokens) == (5, 7)
    assert (bench.stub.calls[0].size, bench.stub.calls[0].count) == ("16:9", 3)
    assert bench.ledger.records[0].usage == result.usage


async def test_without_a_count_one_image_is_paid_for(bench: Bench) -> None:
    result = await bench.images.create(types.CreateImageParams(prompt="a", model="acme/brush"), bench.caller)
    assert (bench.stub.calls[0].count, len(result.images)) == (1, 1)


async def test_the_input_of_an_image_is_estimated_where_the_provider_does_not_count(bench: Bench) -> None:
    bench.stub.tokens = None
    result = await bench.images.create(types.CreateImageParams(prompt="x" * 9, model="acme/brush"), bench.caller)
    assert (result.usage.input_tokens, result.usage.output_tokens, result.usage.estimated) == (3, 7, True)
    assert bench.ledger.records[0].usage == result.usage


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"prompt": " "}, "prompt"),
        ({"count": 0}, "count"),
        ({"count": 11}, "count"),
        ({"size": "big picture"}, "size"),
        ({"size": "0x10"}, "size"),
        ({"size": "\uff11x\uff11"}, "size"),
        ({"size": "1024x1024\n"}, "size"),
    ],
)
async def test_wrong_images(bench: Bench, params: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        await bench.images.create(
            types.CreateImageParams(**{"prompt": "a", "model": "acme/brush", **params}), bench.caller
        )
    assert refused.value.field == field


async def test_judgements_together_and_each(bench: Bench) -> None:
    params = types.CreateModerationParams(input=("good", "bad", "good"), model="acme/judge")
    result = await bench.moderations.create(params, bench.caller)
    assert (result.flagged, result.categories, result.scores) == (True, {"hate": True}, {"hate": 0.9})
    assert [judgement.flagged for judgement in result.results or ()] == [False, True, False]
    assert bench.ledger.records[0].model == "judge"
    quiet = await bench.moderations.create(types.CreateModerationParams(input="good", model="acme/judge"), bench.caller)
    assert (quiet.flagged, quiet.scores) == (False, {"hate": 0.1})


async def test_a_count_by_the_provider(bench: Bench) -> None:
    tools = (types.Tool(name="t"),)
    params = types.CountTokenParams(model="acme/chatty", messages=(user("Hi"),), system="Be brief.", tools=tools)
    assert await bench.token_counts.count(params, bench.caller) == types.CountTokenResult(
        input_tokens=11, estimated=False
    )
    (call,) = bench.stub.calls
    assert [message.role for message in call.messages] == ["system", "user"]
    assert call.tools == tools
    assert bench.ledger.records == []


async def test_a_text_is_a_message_of_the_users(bench: Bench) -> None:
    await bench.token_counts.count(types.CountTokenParams(provider="acme", text="Hi"), bench.caller)
    assert [(m.role, m.content) for m in bench.stub.calls[0].messages] == [("user", "Hi")]
    assert bench.stub.calls[0].model == "chatty"


@pytest.mark.parametrize("params", [{}, {"model": "plain/m"}, {"provider": "plain"}, {"model": "acme/m"}])
async def test_an_estimate_where_the_provider_does_not_count(bench: Bench, params: dict[str, Any]) -> None:
    bench.stub.counted = None
    result = await bench.token_counts.count(types.CountTokenParams(text="x" * 41, **params), bench.caller)
    assert result == types.CountTokenResult(input_tokens=11, estimated=True)


async def test_nothing_is_no_token(bench: Bench) -> None:
    result = await bench.token_counts.count(types.CountTokenParams(text="", model="acme/m"), bench.caller)
    assert result == types.CountTokenResult(input_tokens=0, estimated=False)


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({}, "messages"),
        ({"messages": ()}, "messages"),
        ({"messages": (user(),), "text": "a"}, "text"),
        ({"text": "a", "model": "no-such-model"}, "model"),
        ({"text": "a", "provider": "unknown"}, "provider"),
        ({"messages": (types.Message(role="tool", content="x"),)}, "messages[0].toolCallId"),
    ],
)
async def test_wrong_counts(bench: Bench, params: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        await bench.token_counts.count(types.CountTokenParams(**params), bench.caller)
    assert refused.value.field == field


async def test_credit_in_dollars_and_in_each_currency(bench: Bench) -> None:
    result = await bench.balances.look_up(types.CreditsUsageParams(provider="ACME"))
    assert (result.remaining_usd_micros, result.total_usd_micros, result.used_usd_micros) == (10, 30, 20)
    assert [(b.currency, b.remaining_micros) for b in result.balances or ()] == [("CNY", 70), ("USD", 10)]
    assert result.scope == "account"


async def test_an_account_without_dollars_has_its_own_currency_only(bench: Bench) -> None:
    bench.stub.balances = bench.stub.balances[:1]
    result = await bench.balances.look_up(types.CreditsUsageParams(provider="acme"))
    assert (result.remaining_usd_micros, result.total_usd_micros, result.used_usd_micros) == (None, None, None)
    assert [(b.currency, b.remaining_micros) for b in result.balances or ()] == [("CNY", 70)]


async def test_who_tells_no_credit_says_who_does(bench: Bench) -> None:
    with pytest.raises(RequestFailed) as failed:
        await bench.balances.look_up(types.CreditsUsageParams(provider="plain"))
    assert failed.value.kind == "unsupported"
    assert "acme" in failed.value.message


# Circuits and keys.

REFUSED = ("auth_rejected", "quota_exhausted", "forbidden", "rate_limited")


def several(bench: Bench) -> None:
    """Gives the provider a second key."""
    bench.variables.values["ACME_SECOND_KEY"] = "second-0123456789"


def sent_keys(bench: Bench) -> list[str]:
    return [call.endpoint.credential.secret.reveal() for call in bench.stub.calls]


@pytest.mark.parametrize("kind", REFUSED)
async def test_another_key_goes_on_where_the_first_is_refused_or_limited(bench: Bench, kind: Any) -> None:
    several(bench)
    bench.stub.trouble[2] = RequestFailed(kind, "No: wait.", provider="acme")
    result = await bench.embed("a", "bb", "ccc")
    assert [vector[0] for vector in result.embeddings] == [1, 2, 3]
    # What the first key has embedded is not paid for twice.
    assert [call.texts for call in bench.stub.calls] == [("a", "bb"), ("ccc",), ("ccc",)]
    assert sent_keys(bench) == ["key-0123456789", "key-0123456789", "second-0123456789"]
    first, second = bench.ledger.records
    assert [(one.outcome, one.error_kind) for one in (first, second)] == [("failed", kind), ("ok", None)]
    assert (second.attempt, second.attempt_of) == (1, first.entry)
    (open_,) = await bench.circuits.open()
    assert (open_.kind, open_.scope.key) == (kind, bench.stub.calls[0].endpoint.credential.fingerprint)
    # The key that has answered stays in use.
    await bench.embed("d")
    assert sent_keys(bench)[-1] == "second-0123456789"


async def test_keys_that_rest_are_no_calls_so_the_one_behind_them_is_sent(bench: Bench) -> None:
    """Another process has met the refusals, so that this one has no key in use."""
    bench.variables.values |= {f"ACME_KEY_{n}": f"number-{n}-0123456789" for n in range(2, MAX_ATTEMPTS + 2)}
    tried: list[str] = []
    while endpoint := await bench.connections.next_endpoint(ACME, "vectors", tried):
        if len(tried) < MAX_ATTEMPTS:
            refused = RequestFailed("auth_rejected", "No.", provider="acme")
            await bench.circuits.failed(route_of(endpoint, "vectors"), refused)
        tried.append(endpoint.credential.fingerprint)
    assert (await bench.embed("a")).embeddings
    assert sent_keys(bench) == [f"number-{MAX_ATTEMPTS + 1}-0123456789"]


@pytest.mark.parametrize("kind", ["auth_rejected", "quota_exhausted", "forbidden"])
async def test_a_refused_key_is_warned_of_once_another_has_answered(bench: Bench, kind: Any) -> None:
    several(bench)
    bench.stub.trouble[1] = RequestFailed(kind, "No.", provider="acme")
    await bench.embed("a")
    (warning,) = bench.shown
    assert warning.startswith("Acme ")
    assert "answered by another of its keys. Give another key with modelport keys set acme" in warning
    await bench.embed("a")
    assert len(bench.shown) == 1


async def test_a_key_whose_refusal_another_process_has_met_is_not_warned_of_again(bench: Bench) -> None:
    several(bench)
    first = await bench.connections.endpoint(ACME, "vectors")
    await bench.circuits.failed(route_of(first, "vectors"), RequestFailed("auth_rejected", "No.", provider="acme"))
    await bench.embed("a")
    assert sent_keys(bench) == ["second-0123456789"]
    assert bench.shown == []


async def test_a_limit_is_no_refusal_to_warn_of(bench: Bench) -> None:
    several(bench)
    bench.stub.trouble[1] = RequestFailed("rate_limited", "Wait.", provider="acme")
    await bench.embed("a")
    assert bench.shown == []


async def test_a_refused_key_that_no_other_answers_for_is_the_error_and_is_warned_of_later(bench: Bench) -> None:
    bench.stub.trouble[1] = RequestFailed("auth_rejected", "No.", provider="acme")
    with pytest.raises(RequestFailed):
        await bench.embed("a")
    assert bench.shown == []
    several(bench)
    await bench.embed("a")
    assert len(bench.shown) == 1


# Counts, which are no calls of a model.


async def counted(bench: Bench) -> int:
    result = await bench.token_counts.count(types.CountTokenParams(provider="acme", text="Hi"), bench.caller)
    return result.input_tokens


async def test_a_key_that_is_refused_to_a_count_is_marked_and_the_next_one_counts(bench: Bench) -> None:
    several(bench)
    bench.stub.trouble[1] = RequestFailed("auth_rejected", "No.", provider="acme")
    assert await counted(bench) == 11
    assert sent_keys(bench) == ["key-0123456789", "second-0123456789"]
    assert len(bench.shown) == 1
    (open_,) = await bench.circuits.open()
    assert (open_.kind, open_.scope.key) == ("auth_rejected", bench.stub.calls[0].endpoint.credential.fingerprint)
    # Neither is it sent with anything else.
    await bench.embed("a")
    assert sent_keys(bench)[-1] == "second-0123456789"


async def test_a_count_sends_no_key_that_was_refused_elsewhere(bench: Bench) -> None:
    bench.stub.trouble[1] = RequestFailed("auth_rejected", "No.", provider="acme")
    with pytest.raises(RequestFailed):
        await bench.embed("a")
    with pytest.raises(RequestFailed) as failed:
        await counted(bench)
    assert failed.value.kind == "auth_rejected"
    assert len(bench.stub.calls) == 1
    several(bench)
    assert await counted(bench) == 11
    assert sent_keys(bench)[1:] == ["second-0123456789"]


@pytest.mark.parametrize("counts", [True, False])
async def test_keys_that_were_refused_are_no_calls_so_the_one_behind_them_is_sent(bench: Bench, counts: bool) -> None:
    """Another process has met the refusals, so that this one has no key in use."""
    bench.variables.values |= {f"ACME_KEY_{n}": f"number-{n}-0123456789" for n in range(2, MAX_ATTEMPTS + 2)}
    endpoint = await bench.connections.endpoint(ACME, "vectors")
    for key in endpoint.credential.keys()[:MAX_ATTEMPTS]:
        refused = msgspec.structs.replace(endpoint, credential=key)
        await bench.circuits.failed(route_of(refused, "m"), RequestFailed("auth_rejected", "No.", provider="acme"))
    assert await (counted(bench) if counts else bench.embed("a"))
    assert sent_keys(bench) == [f"number-{MAX_ATTEMPTS + 1}-0123456789"]


@pytest.mark.parametrize("kind", ["model_not_found", "provider_unavailable", "rate_limited", "forbidden"])
async def test_a_count_that_fails_otherwise_says_nothing_about_the_model(bench: Bench, kind: Any) -> None:
    several(bench)
    bench.stub.trouble[1] = RequestFailed(kind, "No.", provider="acme")
    with pytest.raises(RequestFailed):
        await counted(bench)
    assert len(bench.stub.calls) == 1
    assert await bench.circuits.open() == []


async def test_a_model_that_rests_is_still_counted_for_and_rests_on(bench: Bench) -> None:
    route = Route(provider="acme", address="https://acme.example/v1", key="", model="chatty")
    await bench.circuits.failed(route, RequestFailed("provider_unavailable", "No.", provider="acme"))
    assert await counted(bench) == 11
    assert await bench.circuits.admit(route) is not None


async def test_no_other_key_is_sent_where_a_refusal_is_to_end_it(bench: Bench) -> None:
    several(bench)
    bench.registry.failover = FailoverEntry(on_auth="stop")
    bench.stub.trouble[1] = RequestFailed("auth_rejected", "No.", provider="acme")
    with pytest.raises(RequestFailed):
        await bench.embed("a")
    assert len(bench.stub.calls) == 1


async def test_the_first_error_is_raised_with_the_shortest_wait_where_all_keys_fail(bench: Bench) -> None:
    several(bench)
    for number, wait_ms in ((1, 9000), (2, 7000)):
        bench.stub.trouble[number] = RequestFailed(
            "rate_limited", f"No {number}.", provider="acme", retry_after_ms=wait_ms
        )
    with pytest.raises(RequestFailed) as failed:
        await bench.embed("a")
    assert (failed.value.message, failed.value.retry_after_ms) == ("No 1.", 7000)


@pytest.mark.parametrize("kind", ["rate_limited", "provider_unavailable", "auth_rejected", "timeout"])
async def test_what_rests_is_not_called(bench: Bench, kind: Any) -> None:
    bench.stub.trouble[1] = RequestFailed(kind, "No: wait.", provider="acme")
    for _ in range(2):
        with pytest.raises(RequestFailed) as failed:
            await bench.embed("a")
        assert failed.value.kind == kind
    assert "is not called" in failed.value.message
    assert len(bench.stub.calls) == len(bench.ledger.records) == 1
    # Another model of the provider is called, unless it was the key.
    if kind != "auth_rejected":
        assert (await bench.images.create(types.CreateImageParams(prompt="a", provider="acme"), bench.caller)).images


@pytest.mark.parametrize("kind", ["model_not_found", "quota_exhausted", "network"])
async def test_what_costs_nothing_is_called_all_the_same(bench: Bench, kind: Any) -> None:
    bench.stub.trouble[1] = RequestFailed(kind, "No.", provider="acme")
    with pytest.raises(RequestFailed):
        await bench.embed("a")
    assert (await bench.embed("a")).embeddings
    assert await bench.circuits.open() == []


async def test_a_cancelled_call_lets_another_one_try(bench: Bench) -> None:
    clock = FixedClock()
    bench.circuits._clock = clock
    bench.stub.trouble[1] = RequestFailed("provider_unavailable", "No.", provider="acme")
    with pytest.raises(RequestFailed):
        await bench.embed("a")
    clock.now += 6_000
    bench.stub.stalls = True
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(bench.embed, "a")
        await bench.stub.waiting.wait()
        tasks.cancel_scope.cancel()
    bench.stub.stalls = False
    assert (await bench.embed("a")).embeddings


async def test_no_chain_is_followed(bench: Bench) -> None:
    bench.registry.chains = {"default": ("acme/vectors", "plain/vectors")}
    bench.stub.trouble[1] = RequestFailed("provider_unavailable", "No.", provider="acme")
    with pytest.raises(RequestFailed):
        await bench.embed("a")
    assert [call.endpoint.provider.id for call in bench.stub.calls] == ["acme"]
