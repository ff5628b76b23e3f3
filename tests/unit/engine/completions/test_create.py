"""Answering a request: targets in turn, what is recorded, what is told, what is carried back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import anyio
import pytest

from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.reported_usage import Measured, TokenCounts
from modelport.domain.errors import ERROR_KINDS, InvalidParams, RequestFailed
from modelport.domain.providers.registry import Registry, Target
from modelport.engine.calls import recorder
from modelport.engine.calls.recorder import Origin
from modelport.engine.completions.create import Completions
from modelport.engine.time_limit import TimeLimit
from modelport.frontends.rpc.messages import convert
from modelport.protocol.types import Completion, CreateCompletionParams
from support.builders import (
    FixedClock,
    Lines,
    MemoryLedger,
    MemoryStore,
    RecordingListener,
    Scripted,
    Variables,
    VirtualTime,
    connections,
    row,
    writes,
)
from support.completions import completion_parts

A, B, C = (row(name, requires_api_key=False, auth="none", default_model=f"{name}-default") for name in "abc")
LOCKED = row("locked")
GEMINI = row("gemini", dialect="gemini", requires_api_key=False)
BARE = row("bare", requires_api_key=False)
REGISTRY = Registry([A, B, C, LOCKED, GEMINI, BARE])
DOWN = RequestFailed("provider_unavailable", "Down.")


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": VirtualTime}


class World:
    """Completions with everything around them in memory."""

    def __init__(self, **plays: Any) -> None:
        self.dialects = Scripted(**plays)
        self.ledger = MemoryLedger()
        self.log = Lines()
        self.heard = RecordingListener()
        environment = Variables()
        _, self.connections = connections(REGISTRY, environment, MemoryStore(), self.dialects)
        self.use()

    def use(self, **parts: Any) -> None:
        """Makes the use case of other parts."""
        self.completions = Completions(
            completion_parts(self.connections, self.dialects, self.ledger, self.log, **parts)
        )

    async def create(self, **params: Any) -> Completion:
        read = convert({"prompt": "hi", **params}, CreateCompletionParams)
        return await self.completions.create(read, self.heard, Origin("vim", "site"))

    async def failure(self, **params: Any) -> RequestFailed:
        with pytest.raises(RequestFailed) as failed:
            await self.create(**params)
        return failed.value

    def outcomes(self) -> list[tuple[str, str, str | None]]:
        """Provider, outcome and kind of error of each recorded call."""
        return [(r.provider, r.outcome, r.error_kind) for r in self.ledger.records]


def sleeps(*texts: str) -> Any:
    """Says something and then nothing for ever."""

    async def play(call: ModelCall, answer: Answer) -> None:
        for text in texts:
            answer.text(text)
        await anyio.sleep_forever()

    return play


# A call that goes well.


async def test_a_request_that_names_only_the_provider_takes_the_model_that_is_chosen_for_it() -> None:
    asked: list[str] = []

    async def choose(target: Target) -> str | None:
        asked.append(target.provider.id)
        return "chosen" if target.provider.id == "a" else None

    world = World(a=writes("ok"), b=writes("ok"))
    world.use(default_model=choose)
    assert [(await world.create(provider=name)).model for name in ("a", "b")] == ["chosen", "b-default"]
    assert (await world.create(model="a/named")).model == "named"
    assert asked == ["a", "b"]


async def test_the_answer_is_what_was_heard_and_is_recorded() -> None:
    world = World(a=writes("Hel", "lo"))
    completion = await world.create(model="a/m")
    assert (completion.text, completion.provider, completion.model) == ("Hello", "a", "m")
    assert completion.finish_reason == "stop"
    assert world.heard.said("text") == "Hello"
    (record,) = world.ledger.records
    assert (record.provider, record.model, record.client, record.project) == ("a", "m", "vim", "site")
    assert (record.outcome, record.error_kind, record.finish_reason) == ("ok", None, "stop")
    assert record.started_at_ms == FixedClock().now_ms()
    assert record.usage == completion.usage
    assert [call.usage for call in world.heard.calls] == [completion.usage]
    (attempt,) = completion.attempts
    assert (attempt.provider, attempt.model, attempt.outcome, attempt.error) == ("a", "m", "ok", None)


async def test_everything_that_is_asked_reaches_the_wire_format() -> None:
    world = World(a=writes("x"))
    tools = [{"name": "f", "parameters": {"type": "object"}}]
    form = {"type": "json"}
    await world.create(model="a/m", system="Be brief.", tools=tools, toolChoice={"name": "f"}, responseFormat=form, parameters={"temp": 1})  # fmt: skip
    (call,) = world.dialects.calls
    assert [(m.role, m.content) for m in call.messages] == [("system", "Be brief."), ("user", "hi")]
    assert ([t.name for t in call.tools], call.tool_choice, call.named_tool) == (["f"], "named", "f")
    assert call.answer_format is not None
    assert call.parameters == {"temperature": 1}
    assert call.endpoint.base_url == "https://a.example/v1"


async def test_the_providers_counts_are_used_and_else_an_estimate() -> None:
    async def counting(call: ModelCall, answer: Answer) -> None:
        answer.measure = lambda: Measured(counts=TokenCounts(input=7, output=3))

    world = World(a=counting, b=writes("x" * 8))
    usage = (await world.create(model="a/m")).usage
    assert (usage.input_tokens, usage.output_tokens, usage.estimated) == (7, 3, False)
    usage = (await world.create(model="b/m", prompt="y" * 40)).usage
    assert (usage.input_tokens, usage.output_tokens, usage.estimated) == (10, 2, True)


async def test_what_a_provider_wants_back_comes_back_to_it_and_to_nobody_else() -> None:
    async def signed(call: ModelCall, answer: Answer) -> None:
        answer.text("x")
        answer.make_state = lambda: {"signature": "abc"}

    world = World(a=signed, b=writes("x"))
    state = (await world.create(model="a/m")).provider_state
    assert state is not None
    turn = {"role": "assistant", "content": "x", "providerState": state}
    again = [{"role": "user", "content": "hi"}, turn, {"role": "user", "content": "go on"}]
    for provider, kept in (("a", {"signature": "abc"}), ("b", {})):
        await world.create(model=f"{provider}/m", prompt=None, messages=again)
        call = world.dialects.calls[-1]
        assert call.state_of(call.messages[1]) == kept
    assert (await world.create(model="b/m")).provider_state is None


@pytest.mark.parametrize("odd", [{}, {"state": 5}, {"provider": "a", "dialect": "openai_chat", "state": "x"}])
async def test_a_state_that_was_tampered_with_is_ignored(odd: dict[str, Any]) -> None:
    world = World(a=writes("x"))
    turn = {"role": "assistant", "content": "x", "providerState": odd}
    await world.create(model="a/m", prompt=None, messages=[{"role": "user", "content": "hi"}, turn])
    assert world.dialects.calls[0].state_of(world.dialects.calls[0].messages[1]) == {}


async def test_an_answer_without_a_finish_reason_has_finished_otherwise() -> None:
    async def silent(call: ModelCall, answer: Answer) -> None:
        pass

    assert (await World(a=silent).create(model="a/m")).finish_reason == "other"


@pytest.mark.parametrize(
    "params", [{"provider": "a"}, {"provider": "a", "model": "a/a-default"}, {"model": "a-default"}]
)
async def test_without_a_model_the_rows_default_is_asked(params: dict[str, Any]) -> None:
    assert (await World(a=writes("x")).create(**params)).model == "a-default"


async def test_a_provider_without_a_default_needs_a_model() -> None:
    with pytest.raises(InvalidParams, match="bare/MODEL") as refused:
        await World().create(provider="bare")
    assert refused.value.field == "model"


async def test_the_active_connection_is_asked_when_nothing_is_named() -> None:
    from modelport.protocol.types import ConnectProviderParams

    world = World(b=writes("from b"))
    await world.connections.connect(ConnectProviderParams(provider="b", model="own", verify=False))
    completion = await world.create()
    assert (completion.text, completion.provider, completion.model) == ("from b", "b", "own")


# Wrong requests are told before anything happens.


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"model": "a/m", "timeoutMs": 0}, "timeoutMs"),
        ({"model": "a/m", "timeoutMs": -1}, "timeoutMs"),
        ({"model": "nobody-lists-this"}, "model"),
        ({"provider": "nobody", "model": "m"}, "provider"),
        ({}, "model"),
        ({"model": "a/m", "parameters": {"temp": 9}}, "parameters.temp"),
        ({"model": "a/m", "fallbacks": ["b/m", "nobody-lists-this"]}, "fallbacks[1]"),
        ({"model": "a/m", "prompt": None}, "messages"),
    ],
)
async def test_wrong_params_are_named_and_send_nothing(params: dict[str, Any], field: str) -> None:
    world = World(a=writes("x"))
    with pytest.raises(InvalidParams) as refused:
        await world.create(**params)
    assert refused.value.field == field
    assert world.dialects.calls == []
    assert world.ledger.records == []


async def test_what_a_wire_format_refuses_is_wrong_and_is_not_recorded() -> None:
    world = World(a=writes(then=InvalidParams("No.", field="parameters.seed")), b=writes("x"))
    with pytest.raises(InvalidParams):
        await world.create(model="a/m", fallbacks=["b/m"])
    assert world.ledger.records == []
    assert len(world.dialects.calls) == 1


# Failures and fallbacks.


async def test_a_failure_carries_what_had_arrived_and_is_recorded() -> None:
    world = World(a=writes("half an ", "ans", then=RequestFailed("stream_interrupted", "Cut.")))
    error = await world.failure(model="a/m")
    assert error.text == "half an ans"
    assert error.usage is not None
    assert error.usage.estimated
    assert [(a.provider, a.outcome) for a in error.attempts or ()] == [("a", "failed")]
    assert world.outcomes() == [("a", "failed", "stream_interrupted")]
    assert world.heard.calls[0].usage == error.usage


async def test_a_model_that_is_not_found_is_explained_and_no_other_failure() -> None:
    asked: list[str] = []

    async def enrich(error: RequestFailed, call: ModelCall) -> None:
        asked.append(call.model)
        error.message += " Did you mean m-2?"

    lost = RequestFailed("model_not_found", "No such model.")
    world = World(a=writes(then=lost), b=writes(then=DOWN))
    world.use(enrich=enrich)
    assert (await world.failure(model="a/m-1")).message == "No such model. Did you mean m-2?"
    assert (await world.failure(model="b/m-1")).message == "Down."
    assert asked == ["m-1"]


async def test_fallbacks_are_asked_in_order_and_each_attempt_is_told() -> None:
    world = World(a=writes(then=RequestFailed("rate_limited", "Slow down.")), b=writes(then=DOWN), c=writes("from c"))
    completion = await world.create(model="a/m", fallbacks=["b/x", "c/y"])
    assert (completion.text, completion.provider, completion.model) == ("from c", "c", "y")
    told = [(a.provider, a.model, a.outcome, a.error.kind if a.error else None) for a in completion.attempts]
    assert told == [
        ("a", "m", "failed", "rate_limited"),
        ("b", "x", "failed", "provider_unavailable"),
        ("b", "x", "failed", "provider_unavailable"),
        ("c", "y", "ok", None),
    ]
    assert world.heard.events == [
        ("attempt", "a", "m", "rate_limited"),
        ("attempt", "b", "x", "provider_unavailable"),
        ("attempt", "b", "x", "provider_unavailable"),
        ("text", "from c"),
    ]
    assert world.outcomes() == [
        ("a", "failed", "rate_limited"),
        ("b", "failed", "provider_unavailable"),
        ("b", "failed", "provider_unavailable"),
        ("c", "ok", None),
    ]


async def test_the_first_failure_carries_every_attempt() -> None:
    world = World(a=writes(then=RequestFailed("rate_limited", "Slow.")), b=writes(then=DOWN))
    error = await world.failure(model="a/m", fallbacks=["b/m"])
    assert error.kind == "rate_limited"
    assert [a.provider for a in error.attempts or ()] == ["a", "b", "b"]
    # There is no notice of another attempt behind the last.
    assert [event[1] for event in world.heard.events] == ["a", "b"]


@pytest.mark.parametrize("begin", ["text", "reasoning", "tool_call"])
async def test_no_fallback_once_the_answer_has_begun(begin: str) -> None:
    async def begun(call: ModelCall, answer: Answer) -> None:
        answer.tool_call(0, call_id="c") if begin == "tool_call" else getattr(answer, begin)("x")
        raise DOWN

    world = World(a=begun, b=writes("from b"))
    error = await world.failure(model="a/m", fallbacks=["b/m"])
    assert error.kind == "provider_unavailable"
    assert [call.endpoint.provider.id for call in world.dialects.calls] == ["a"]


@pytest.mark.parametrize("kind", [k for k in ERROR_KINDS if not k.startswith(("unknown", "invalid_key"))])
async def test_a_fallback_is_asked_unless_the_request_itself_is_at_fault(kind: Any) -> None:
    world = World(a=writes(then=RequestFailed(kind, "No.")), b=writes("from b"))
    if kind in ("content_filtered", "unsupported"):
        assert (await world.failure(model="a/m", fallbacks=["b/m"])).kind == kind
    else:
        assert (await world.create(model="a/m", fallbacks=["b/m"])).provider == "b"


async def test_a_fallback_is_asked_where_a_server_fails_over_the_request() -> None:
    # A model's chat template that refuses a conversation; another model's may take it.
    refused = RequestFailed("unsupported", "No.", http_status=500)
    world = World(a=writes(then=refused), b=writes("from b"))
    assert (await world.create(model="a/m", fallbacks=["b/m"])).provider == "b"


async def test_a_missing_key_is_a_reason_for_a_fallback_and_is_no_call() -> None:
    world = World(b=writes("from b"))
    completion = await world.create(model="locked/m", fallbacks=["b/m"])
    assert completion.provider == "b"
    assert completion.attempts[0].error is not None
    assert completion.attempts[0].error.kind == "auth_required"
    assert world.outcomes() == [("b", "ok", None)]


async def test_a_provider_that_this_build_cannot_call_is_a_reason_for_a_fallback() -> None:
    world = World(b=writes("from b"))
    assert (await world.create(model="gemini/m", fallbacks=["b/m"])).provider == "b"


async def test_a_fallback_that_cannot_take_the_request_does_not_hide_what_failed_first() -> None:
    refuses = writes(then=InvalidParams("b does not take seed.", field="parameters.seed"))
    world = World(a=writes(then=DOWN), b=refuses, c=writes("from c"))
    with pytest.raises((InvalidParams, RequestFailed)) as failed:
        await world.create(model="a/m", fallbacks=["b/m"])
    # Whoever reads this must learn that the first provider was down.
    told = failed.value.data()
    assert "Down." in failed.value.message or (told.attempts and told.attempts[0].provider == "a")


async def test_the_latency_of_an_attempt_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    async def late(call: ModelCall, answer: Answer) -> None:
        await anyio.sleep(6)
        raise DOWN

    async def later(call: ModelCall, answer: Answer) -> None:
        await anyio.sleep(1)
        answer.text("x")

    monkeypatch.setattr(recorder, "time", SimpleNamespace(monotonic=anyio.current_time))
    world = World(a=late, b=later)
    completion = await world.create(model="a/m", fallbacks=["b/m"])
    assert [attempt.latency_ms for attempt in completion.attempts] == [6000, 1000]
    assert [record.usage.latency_ms for record in world.ledger.records] == [6000, 1000]
    assert [health.last_latency_ms for health in world.connections.status().health] == [6000, 1000]


async def test_every_attempt_counts_for_the_providers_health() -> None:
    world = World(a=writes(then=RequestFailed("rate_limited", "Slow.")), b=writes("x"))
    await world.create(model="a/m", fallbacks=["b/m"])
    health = {h.provider: (h.ok, h.calls, h.failures) for h in world.connections.status().health}
    assert health == {"a": (False, 1, 1), "b": (True, 1, 0)}


# Time limits and cancellation.


async def test_the_time_limit_ends_the_call_and_carries_the_partial_text() -> None:
    world = World(a=sleeps("half an ", "ans"))
    began = anyio.current_time()
    error = await world.failure(model="a/m", timeoutMs=2500)
    assert anyio.current_time() - began == 2.5
    assert (error.kind, error.text, error.provider, error.model) == ("timeout", "half an ans", "a", "m")
    assert "2500 ms" in error.message
    assert error.usage is not None
    assert world.outcomes() == [("a", "failed", "timeout")]


async def test_the_time_limit_is_for_the_whole_call_fallbacks_included() -> None:
    async def slow(call: ModelCall, answer: Answer) -> None:
        await anyio.sleep(6)
        raise DOWN

    world = World(a=slow, b=sleeps())
    began = anyio.current_time()
    error = await world.failure(model="a/m", fallbacks=["b/m"], timeoutMs=7000)
    assert anyio.current_time() - began == 7
    assert (error.kind, error.provider) == ("timeout", "b")


async def test_when_the_time_is_up_nobody_else_is_asked() -> None:
    world = World(a=sleeps(), b=writes("from b"))
    error = await world.failure(model="a/m", fallbacks=["b/m"], timeoutMs=1000)
    assert (error.kind, error.provider) == ("timeout", "a")
    # A provider that was never asked has neither a call nor a failure to its name.
    assert world.outcomes() == [("a", "failed", "timeout")]
    assert [h.provider for h in world.connections.status().health] == ["a"]


class Waiting:
    """A part of the preparation that never ends."""

    async def __call__(self, *_: Any, **__: Any) -> Any:
        await anyio.sleep_forever()

    targets = __call__
    """Of the default chain."""


@pytest.mark.parametrize("waits", ["endpoint", "dialect", "targets", "model"])
async def test_the_time_limit_covers_what_comes_before_the_provider(waits: str) -> None:
    world = World(a=writes("late"), b=writes("late"))
    if waits == "endpoint":
        world.connections.next_endpoint = Waiting()  # type: ignore[method-assign]
    if waits == "dialect":
        world.dialects.get = Waiting()  # type: ignore[method-assign]
    defaults, model = (Waiting() if waits == name else None for name in ("targets", "model"))
    world.use(defaults=defaults, default_model=model)
    named = {} if waits == "targets" else {"provider": "a", "fallbacks": ["b/m"]}
    began = anyio.current_time()
    error = await world.failure(**named, timeoutMs=1500)
    assert (error.kind, anyio.current_time() - began) == ("timeout", 1.5)
    assert "1500 ms" in error.message
    # What was never sent is in no ledger.
    assert world.outcomes() == []


async def test_the_time_limit_begins_when_the_request_arrives() -> None:
    world = World(a=sleeps("half"))
    limit = TimeLimit(2000)
    await anyio.sleep(1.5)
    began = anyio.current_time()
    read = convert({"prompt": "hi", "model": "a/m", "timeoutMs": 2000}, CreateCompletionParams)
    with pytest.raises(RequestFailed) as failed:
        await world.completions.create(read, world.heard, Origin("vim", "site"), limit)
    assert (failed.value.kind, failed.value.text, anyio.current_time() - began) == ("timeout", "half", 0.5)


async def test_the_shortest_time_limit_is_a_millisecond() -> None:
    assert (await World(a=sleeps()).failure(model="a/m", timeoutMs=1)).kind == "timeout"


async def test_a_call_in_time_is_not_touched_by_its_limit() -> None:
    async def slow(call: ModelCall, answer: Answer) -> None:
        await anyio.sleep(2)
        answer.text("done")

    assert (await World(a=slow).create(model="a/m", timeoutMs=3000)).text == "done"


async def test_a_cancelled_call_is_recorded_as_that_with_an_estimate() -> None:
    world = World(a=sleeps("half an ans"))
    with anyio.move_on_after(1) as scope:
        await world.create(model="a/m", prompt="y" * 40)
    assert scope.cancelled_caught
    (record,) = world.ledger.records
    assert (record.outcome, record.error_kind) == ("cancelled", None)
    assert (record.usage.input_tokens, record.usage.output_tokens, record.usage.estimated) == (10, 3, True)
    assert len(world.heard.calls) == 1


async def test_a_cancelled_call_waits_for_its_record() -> None:
    world = World(a=sleeps())
    record = world.ledger.record

    async def slow_record(call: Any) -> Any:
        await anyio.sleep(5)
        return await record(call)

    world.ledger.record = slow_record  # type: ignore[method-assign]
    with anyio.move_on_after(1):
        await world.create(model="a/m")
    assert world.outcomes() == [("a", "cancelled", None)]


async def test_no_fallback_is_asked_for_a_cancelled_call() -> None:
    world = World(a=sleeps(), b=writes("from b"))
    with anyio.move_on_after(1):
        await world.create(model="a/m", fallbacks=["b/m"])
    assert [call.endpoint.provider.id for call in world.dialects.calls] == ["a"]


# A broken ledger, and bugs.


async def test_a_broken_ledger_spoils_no_answer() -> None:
    world = World(a=writes("Hello"))
    world.ledger.trouble = RequestFailed("provider_unavailable", "The disk is full.")
    assert (await world.create(model="a/m")).text == "Hello"
    assert world.log.warnings == ["a call was not recorded: The disk is full."]
    assert world.heard.calls == []


async def test_a_broken_ledger_hides_no_failure() -> None:
    world = World(a=writes("half", then=DOWN))
    world.ledger.trouble = RequestFailed("provider_unavailable", "The disk is full.")
    error = await world.failure(model="a/m")
    assert (error.message, error.text) == ("Down.", "half")


async def test_a_bug_is_recorded_as_a_failure_and_goes_on_as_it_is() -> None:
    world = World(a=writes(then=ZeroDivisionError()), b=writes("from b"))
    with pytest.raises(ZeroDivisionError):
        await world.create(model="a/m", fallbacks=["b/m"])
    assert world.outcomes() == [("a", "failed", None)]
