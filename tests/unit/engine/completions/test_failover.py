"""The rules of failover, R1 to R14 of docs/failover.md, each by its number."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from modelport.adapters.failover.memory import MemoryCircuits
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.errors import RequestFailed
from modelport.domain.failover.circuits import route_of
from modelport.domain.failover.fitness import ModelFacts
from modelport.domain.failover.steps import MAX_ATTEMPTS
from modelport.domain.providers.configuration import FailoverEntry
from modelport.domain.providers.connection import Overrides
from modelport.domain.providers.registry import Registry, Target
from modelport.engine.calls.recorder import Origin
from modelport.engine.completions.create import Completions
from modelport.frontends.rpc.messages import convert
from modelport.protocol.types import Completion, CreateCompletionParams
from support.builders import (
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

CLAUDE = "claude-sonnet-4-5"
OPEN = {"requires_api_key": False, "auth": "none"}
ROWS = (
    *(row(name, default_model=f"{name}-default", **OPEN) for name in "abcdefgh"),
    row("home", connection_type="local", base_url="http://127.0.0.1:9/v1", **OPEN),
    row("keyed"),
    row("twin", api_key_env_vars=("KEYED_API_KEY",)),
    row("other"),
    row("several", api_key_env_vars=("FIRST_KEY", "SECOND_KEY")),
    row("claude", dialect="anthropic_messages", **OPEN),
    row("opus", dialect="anthropic_messages", **OPEN),
)
TOOLS = [{"name": "f", "parameters": {"type": "object"}}]


def failing(kind: Any, **details: Any) -> Any:
    """A play that fails at once."""
    return writes(then=RequestFailed(kind, f"It was {kind}.", **details))


DOWN = failing("provider_unavailable", http_status=503)
CUT = RequestFailed("stream_interrupted", "Cut.")


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": VirtualTime}


class LoopClock:
    """The time of the loop, as a wall clock."""

    def now_ms(self) -> int:
        return 1_795_168_800_000 + round(anyio.current_time() * 1000)


class World:
    """Completions with circuits and everything else in memory."""

    def __init__(self, settings: FailoverEntry | None = None, keys: dict[str, str] | None = None, **plays: Any) -> None:
        self.registry = Registry(ROWS, {"several": Overrides(several_keys=True)})
        self.registry.failover = settings or FailoverEntry()
        self.dialects = Scripted(**plays)
        self.ledger = MemoryLedger()
        self.heard = RecordingListener()
        self.facts: dict[str, ModelFacts] = {}
        self.circuits = MemoryCircuits(LoopClock(), lambda: 0.5)
        self.variables = Variables(**(keys or {}))
        _, self.connections = connections(self.registry, self.variables, MemoryStore(), self.dialects)
        self.share(self.circuits)

    def share(self, circuits: MemoryCircuits) -> None:
        """Makes the completions, with circuits that other processes may have as well."""
        self.circuits = circuits
        self.use(circuits=circuits, facts_of=self._facts_of)

    def use(self, **parts: Any) -> None:
        """Makes the completions of other parts."""
        common = completion_parts(self.connections, self.dialects, self.ledger, clock=LoopClock(), **parts)
        self.completions = Completions(common)

    async def _facts_of(self, target: Target) -> ModelFacts:
        return self.facts.get(target.provider.id, ModelFacts())

    async def create(self, **params: Any) -> Completion:
        self.heard = RecordingListener()
        read = convert({"prompt": "hi", **params}, CreateCompletionParams)
        try:
            completion = await self.completions.create(read, self.heard, Origin("vim"))
        finally:
            self.check_ledger()
        assert completion.text == self.heard.said("text")
        return completion

    async def failure(self, **params: Any) -> RequestFailed:
        with pytest.raises(RequestFailed) as failed:
            await self.create(**params)
        return failed.value

    def check_ledger(self) -> None:
        """Each call for a request knows the first one."""
        rows = self.ledger.records
        starts = [n for n, one in enumerate(rows) if one.attempt == 0]
        for begin, end in zip(starts, [*starts[1:], len(rows)], strict=True):
            chain = rows[begin:end]
            assert [one.attempt for one in chain] == list(range(len(chain)))
            assert {one.attempt_of for one in chain[1:]} <= {chain[0].entry}

    @property
    def called(self) -> list[str]:
        """The providers that were called, in order."""
        return [call.endpoint.provider.id for call in self.dialects.calls]

    @property
    def keys(self) -> list[str]:
        """The keys that were sent, in order."""
        return [
            call.endpoint.credential.secret.reveal() for call in self.dialects.calls if call.endpoint.credential.secret
        ]


def turns(*plays: Any) -> Any:
    """Plays one after the other, the last for ever."""
    waiting = list(plays)

    async def play(call: ModelCall, answer: Answer) -> None:
        await (waiting.pop(0) if len(waiting) > 1 else waiting[0])(call, answer)

    return play


def after(seconds: float, play: Any) -> Any:
    async def slow(call: ModelCall, answer: Answer) -> None:
        await anyio.sleep(seconds)
        await play(call, answer)

    return slow


async def silent(call: ModelCall, answer: Answer) -> None:
    await anyio.sleep_forever()


def told(found: Any) -> list[tuple[str, str | None, bool]]:
    return [(a.provider, a.error.kind if a.error else None, bool(a.skipped)) for a in found.attempts or ()]


# R1: one loop, one deadline.


async def test_r1_a_target_is_repeated_once_and_six_calls_are_the_most() -> None:
    world = World(**dict.fromkeys("abcdefgh", DOWN))
    error = await world.failure(model="a/m", fallbacks=[f"{name}/m" for name in "bcdefgh"])
    assert world.called == ["a", "a", "b", "b", "c", "c"]
    assert len(world.called) == MAX_ATTEMPTS == len(error.attempts or ())
    assert len(world.ledger.records) == MAX_ATTEMPTS


async def test_r1_a_later_target_gets_the_time_that_is_left() -> None:
    world = World(a=after(6, DOWN), b=silent)
    began = anyio.current_time()
    error = await world.failure(model="a/m", fallbacks=["b/m"], timeoutMs=8000)
    assert (error.kind, anyio.current_time() - began) == ("timeout", 8)


async def test_r1_without_a_limit_targets_are_tried_for_two_minutes() -> None:
    world = World(a=silent, b=silent, c=after(200, writes("late")))
    began = anyio.current_time()
    # Half of what is left each, and the last one as long as it takes.
    assert (await world.create(model="a/m", fallbacks=["b/m", "c/m"])).text == "late"
    assert anyio.current_time() - began == 60 + 30 + 200
    assert [record.error_kind for record in world.ledger.records] == ["timeout", "timeout", None]


async def test_r1_an_answer_that_has_begun_has_no_deadline_without_a_limit() -> None:
    async def long(call: ModelCall, answer: Answer) -> None:
        answer.text("a")
        await anyio.sleep(500)
        answer.text("b")

    assert (await World(a=long, b=DOWN).create(model="a/m", fallbacks=["b/m"])).text == "ab"


async def test_r1_a_server_of_the_users_own_may_take_its_time() -> None:
    world = World(home=after(150, failing("timeout")), b=writes("from b"))
    assert (await world.create(model="home/m", fallbacks=["b/m"])).provider == "b"


async def test_r1_the_same_target_stands_in_a_chain_once() -> None:
    world = World(a=failing("timeout"), b=writes("from b"))
    world.registry.chains = {"default": ("a/m", "b/m", "a/m")}
    await world.create(model="a/m", fallbacks=["a/m"])
    assert world.called == ["a", "b"]


# R2: the commit point.


async def test_r2_what_is_empty_or_not_sent_commits_nothing() -> None:
    async def role_chunk(call: ModelCall, answer: Answer) -> None:
        answer.text("")
        answer.reasoning("")
        answer.tool_call(0, name="f", partial=True)
        raise CUT

    world = World(a=role_chunk, b=writes("from b"))
    assert (await world.create(model="a/m", fallbacks=["b/m"])).provider == "b"


@pytest.mark.parametrize("begin", ["text", "reasoning", "tool_call"])
async def test_r2_the_first_delta_that_is_sent_commits(begin: str) -> None:
    async def begun(call: ModelCall, answer: Answer) -> None:
        answer.tool_call(0, name="f") if begin == "tool_call" else getattr(answer, begin)("x")
        raise CUT

    world = World(a=begun, b=writes("from b"))
    error = await world.failure(model="a/m", fallbacks=["b/m"])
    assert (error.kind, world.called) == ("stream_interrupted", ["a"])


# R3: rate limits.


async def test_r3_the_next_target_is_called_at_once() -> None:
    world = World(a=failing("rate_limited", retry_after_ms=30_000), b=writes("from b"))
    began = anyio.current_time()
    assert (await world.create(model="a/m", fallbacks=["b/m"])).provider == "b"
    assert anyio.current_time() == began
    # And the limited one rests until then.
    await world.create(model="a/m", fallbacks=["b/m"])
    assert world.called == ["a", "b", "b"]
    await anyio.sleep(30)
    await world.create(model="a/m", fallbacks=["b/m"])
    assert world.called[3:] == ["a", "b"]


async def test_r3_a_target_alone_is_waited_for_where_that_is_short() -> None:
    world = World(a=turns(failing("rate_limited", retry_after_ms=9_000), writes("ok")))
    began = anyio.current_time()
    completion = await world.create(model="a/m")
    assert told(completion) == [("a", "rate_limited", False), ("a", None, False)]
    assert 9 <= anyio.current_time() - began < 9.2


@pytest.mark.parametrize(("wait_ms", "limit_ms"), [(10_001, None), (9_000, 30_000), (None, None)])
async def test_r3_a_long_wait_or_an_unknown_one_is_told(wait_ms: int | None, limit_ms: int | None) -> None:
    world = World(a=failing("rate_limited", retry_after_ms=wait_ms))
    began = anyio.current_time()
    error = await world.failure(model="a/m", timeoutMs=limit_ms)
    assert (error.kind, error.retry_after_ms, world.called) == ("rate_limited", wait_ms, ["a"])
    assert anyio.current_time() == began


async def test_r3_where_all_are_limited_the_one_that_is_free_first_is_waited_for() -> None:
    a = failing("rate_limited", retry_after_ms=9_000)
    b = turns(failing("rate_limited", retry_after_ms=2_000), writes("from b"))
    world = World(a=a, b=b)
    began = anyio.current_time()
    assert (await world.create(model="a/m", fallbacks=["b/m"])).provider == "b"
    assert world.called == ["a", "b", "b"]
    assert anyio.current_time() - began < 2.2


# R4: failures that pass.


@pytest.mark.parametrize("kind", ["provider_unavailable", "network", "tls", "stream_interrupted", "invalid_response"])
async def test_r4_the_same_target_is_called_once_more_after_a_moment(kind: str) -> None:
    world = World(a=turns(failing(kind), writes("ok")), b=writes("from b"))
    began = anyio.current_time()
    completion = await world.create(model="a/m", fallbacks=["b/m"])
    assert told(completion) == [("a", kind, False), ("a", None, False)]
    assert 0.2 <= anyio.current_time() - began <= 0.6
    assert world.heard.events[0] == ("attempt", "a", "m", kind)


@pytest.mark.parametrize(
    "play",
    [
        after(5, DOWN),
        failing("network", may_repeat=False),
        failing("provider_unavailable", retry_after_ms=20_000),
        failing("invalid_response", http_status=404),
    ],
    ids=["slow", "refused or forbidden", "told to wait", "no such path"],
)
async def test_r4_otherwise_the_next_target_is_called_at_once(play: Any) -> None:
    world = World(a=play, b=writes("from b"))
    assert (await world.create(model="a/m", fallbacks=["b/m"])).provider == "b"
    assert world.called == ["a", "b"]


# R5: silence.


async def test_r5_a_provider_that_stays_silent_is_not_called_again() -> None:
    world = World(a=failing("timeout"), b=writes("from b"))
    assert (await world.create(model="a/m", fallbacks=["b/m"])).provider == "b"
    assert world.called == ["a", "b"]


# R6: context windows.


LONG = {"prompt": "x" * 40_000}
"""Some 11,000 tokens with the margin."""


async def test_r6_a_window_that_is_known_to_be_too_small_is_skipped_before_sending() -> None:
    world = World(a=writes("a"), b=writes("b"))
    world.facts = {"a": ModelFacts(window=10_500), "b": ModelFacts(window=200_000)}
    completion = await world.create(model="a/m", fallbacks=["b/m"], **LONG)
    assert told(completion) == [("a", "context_too_long", True), ("b", None, False)]
    assert world.called == ["b"]
    assert len(world.ledger.records) == 1


async def test_r6_where_every_window_is_too_small_the_provider_decides() -> None:
    world = World(a=writes("a"), b=writes("b"))
    world.facts = {"a": ModelFacts(window=9000), "b": ModelFacts(window=8000)}
    assert (await world.create(model="a/m", fallbacks=["b/m"], **LONG)).provider == "a"


async def test_r6_after_it_was_too_long_only_larger_windows_are_called_and_unknown_ones_last() -> None:
    plays = {name: failing("context_too_long") for name in "abc"}
    world = World(**plays, d=writes("from d"))
    world.facts = {"a": ModelFacts(window=100_000), "b": ModelFacts(), "c": ModelFacts(window=50_000)}
    world.facts["d"] = ModelFacts(window=200_000)
    completion = await world.create(model="a/m", fallbacks=["b/m", "c/m", "d/m"])
    assert told(completion) == [("a", "context_too_long", False), ("c", "context_too_long", True), ("d", None, False)]
    # It says nothing about the target itself.
    assert await world.circuits.open() == []
    world.dialects.plays["d"] = DOWN
    assert (await world.failure(model="a/m", fallbacks=["b/m", "d/m"])).kind == "context_too_long"
    assert world.called[2:] == ["a", "d", "d", "b"]


# R7: what is missing, and what is at fault.


async def test_r7_a_model_that_is_missing_rests_for_ten_minutes() -> None:
    world = World(a=failing("model_not_found", http_status=404), b=writes("from b"))
    for _ in range(2):
        assert (await world.create(model="a/m", fallbacks=["b/m"])).provider == "b"
    assert world.called == ["a", "b", "b"]
    # Another model of the provider does not, and neither is it skipped where nothing else is asked.
    await world.failure(model="a/n")
    assert (await world.failure(model="a/m")).kind == "model_not_found"
    assert world.called[3:] == ["a", "a"]
    await anyio.sleep(600)
    await world.create(model="a/m", fallbacks=["b/m"])
    assert world.called[5:] == ["a", "b"]


@pytest.mark.parametrize(
    ("kind", "status"),
    [("unsupported", 400), ("unsupported", 422), ("content_filtered", 400), ("content_filtered", None)],
)
async def test_r7_a_request_at_fault_ends_there(kind: str, status: int | None) -> None:
    world = World(a=failing(kind, http_status=status), b=writes("from b"))
    assert (await world.failure(model="a/m", fallbacks=["b/m"])).kind == kind
    assert world.called == ["a"]
    assert await world.circuits.open() == []


@pytest.mark.parametrize(
    ("facts", "params"),
    [
        (ModelFacts(tools=False), {"tools": TOOLS}),
        (
            ModelFacts(images=False),
            {
                "prompt": None,
                "messages": [{"role": "user", "content": [{"type": "image", "url": "https://x.example/a.png"}]}],
            },
        ),
    ],
    ids=["tools", "images"],
)
async def test_r7_what_a_model_lacks_is_known_before_sending(facts: ModelFacts, params: dict[str, Any]) -> None:
    world = World(a=writes("a"), b=writes("b"))
    world.facts = {"a": facts}
    completion = await world.create(model="a/m", fallbacks=["b/m"], **params)
    assert told(completion) == [("a", "unsupported", True), ("b", None, False)]
    assert completion.attempts[0].error is not None
    assert "takes no" in completion.attempts[0].error.message
    # Alone the provider decides.
    assert (await world.create(model="a/m", **params)).provider == "a"
    # Where the others fail, that is the error.
    world.dialects.plays["b"] = failing("timeout")
    assert (await world.failure(model="a/m", fallbacks=["b/m"], **params)).kind == "timeout"


# R8: after the commit.


def cut(*texts: str) -> Any:
    return writes(*texts, then=CUT)


async def test_r8_fail_is_the_default_and_keeps_what_has_arrived() -> None:
    world = World(a=cut("half"), b=writes("from b"))
    error = await world.failure(model="a/m", fallbacks=["b/m"])
    assert (error.kind, error.text) == ("stream_interrupted", "half")


async def test_r8_restart_begins_again_after_a_reset() -> None:
    world = World(FailoverEntry(after_commit="restart"), a=turns(cut("half"), writes("whole")), b=writes("from b"))
    completion = await world.create(model="a/m", fallbacks=["b/m"])
    assert completion.text == "whole"
    assert world.heard.events == [
        ("text", "half"),
        ("reset",),
        ("attempt", "a", "m", "stream_interrupted"),
        ("text", "whole"),
    ]


async def test_r8_restart_is_not_for_a_client_that_cannot_take_back() -> None:
    world = World(FailoverEntry(after_commit="restart"), a=cut("half"))
    error = await world.failure(model="a/m", resets=False)
    assert (error.text, world.called) == ("half", ["a"])
    assert ("reset",) not in world.heard.events


async def test_r8_the_error_after_a_restart_has_what_the_client_has() -> None:
    world = World(FailoverEntry(after_commit="restart"), a=turns(cut("half"), DOWN))
    assert not (await world.failure(model="a/m")).text
    world = World(FailoverEntry(after_commit="restart"), a=turns(cut("half"), cut("other")), b=DOWN)
    error = await world.failure(model="a/m", fallbacks=["b/m"])
    assert (error.kind, error.text or "", world.heard.said("text")) == ("stream_interrupted", "", "")


async def test_r8_continue_goes_on_with_the_text_and_nothing_else() -> None:
    claude = turns(cut("One, ", "two, "), writes(" three"))
    world = World(FailoverEntry(after_commit="continue"), claude=claude)
    completion = await world.create(model=f"claude/{CLAUDE}")
    # The reader strips the space at the end, so that the model says it again: it comes once.
    assert completion.text == "One, two, three"
    assert ("reset",) not in world.heard.events
    first, second = world.dialects.calls
    assert second.messages[:-1] == first.messages
    assert (second.messages[-1].role, second.messages[-1].content) == ("assistant", "One, two,")
    assert [record.error_kind for record in world.ledger.records] == ["stream_interrupted", None]


@pytest.mark.parametrize("model", ["a/m", "opus/claude-opus-4-6"])
async def test_r8_continue_is_for_models_that_can(model: str) -> None:
    provider = model.partition("/")[0]
    world = World(FailoverEntry(after_commit="continue"), **{provider: cut("half")})
    error = await world.failure(model=model, fallbacks=[f"claude/{CLAUDE}"])
    assert (error.text, world.called) == ("half", [provider])


async def test_r8_continue_skips_targets_that_cannot_go_on_with_it() -> None:
    world = World(FailoverEntry(after_commit="continue"), claude=turns(cut("half"), DOWN), a=writes("never"))
    error = await world.failure(model=f"claude/{CLAUDE}", fallbacks=["a/m"])
    assert (error.kind, error.text, world.called) == ("stream_interrupted", "half", ["claude", "claude"])
    assert told(error)[-1] == ("a", "unsupported", True)


@pytest.mark.parametrize("mode", ["continue", "restart"])
async def test_r8_never_after_a_finished_call(mode: Any) -> None:
    async def called(call: ModelCall, answer: Answer) -> None:
        answer.tool_call(0, call_id="c", name="f", arguments="{}")
        raise CUT

    world = World(FailoverEntry(after_commit=mode), claude=called)
    await world.failure(model=f"claude/{CLAUDE}", fallbacks=["b/m"])
    assert world.called == ["claude"]


@pytest.mark.parametrize("mode", ["continue", "restart"])
async def test_r8_a_half_call_is_dropped(mode: Any) -> None:
    async def begun(call: ModelCall, answer: Answer) -> None:
        answer.text("I will ")
        answer.tool_call(0, call_id="c", name="f", arguments='{"a":')
        raise CUT

    world = World(FailoverEntry(after_commit=mode), claude=turns(begun, writes("look.")))
    completion = await world.create(model=f"claude/{CLAUDE}")
    assert completion.tool_calls == ()
    kept = world.heard.events[world.heard.events.index(("reset",)) :]
    assert not any(event[0] == "toolCall" for event in kept)
    assert completion.text == ("I will look." if mode == "continue" else "look.")


@pytest.mark.parametrize("mode", ["continue", "restart"])
async def test_r8_a_half_call_ends_it_for_a_client_that_cannot_take_back(mode: Any) -> None:
    async def begun(call: ModelCall, answer: Answer) -> None:
        answer.text("I will ")
        answer.tool_call(0, call_id="c", name="f", arguments='{"a":')
        raise CUT

    world = World(FailoverEntry(after_commit=mode), claude=turns(begun, writes("look.")))
    error = await world.failure(model=f"claude/{CLAUDE}", resets=False)
    assert (error.kind, error.text, len(world.called)) == ("stream_interrupted", "I will ", 1)
    assert ("reset",) not in world.heard.events


# R9: answers that are none; tests/contract/test_odd_streams.py has what counts as one.


async def test_r9_an_answer_that_is_none_is_a_failure_as_any_other() -> None:
    world = World(a=failing("invalid_response", http_status=200), b=writes("from b"))
    assert (await world.create(model="a/m", fallbacks=["b/m"])).provider == "b"
    assert world.called == ["a", "a", "b"]


# R10: all fail.


async def test_r10_the_first_error_is_told_with_the_shortest_wait_and_every_attempt() -> None:
    world = World(
        a=failing("provider_unavailable", retry_after_ms=50_000),
        b=failing("rate_limited", retry_after_ms=20_000),
        c=failing("timeout"),
    )
    error = await world.failure(model="a/m", fallbacks=["b/m", "c/m"])
    assert (error.kind, error.message, error.retry_after_ms) == (
        "provider_unavailable",
        "It was provider_unavailable.",
        20_000,
    )
    assert [name for name, *_ in told(error)] == ["a", "b", "c"]


# R11: cancellation.


@pytest.mark.parametrize("when_s", [0.1, 2.0])
async def test_r11_cancelling_ends_a_pause_and_a_wait_at_once(when_s: float) -> None:
    play = DOWN if when_s < 1 else failing("rate_limited", retry_after_ms=9_000)
    world = World(a=play)
    with anyio.move_on_after(when_s) as scope:
        await world.create(model="a/m")
    assert scope.cancelled_caught
    assert world.called == ["a"]


async def test_r11_a_cancelled_call_lets_another_one_try() -> None:
    world = World(a=turns(failing("timeout"), silent, writes("ok")))
    await world.failure(model="a/m")
    await anyio.sleep(6)
    with anyio.move_on_after(1):
        await world.create(model="a/m")
    assert [record.outcome for record in world.ledger.records] == ["failed", "cancelled"]
    assert (await world.create(model="a/m")).text == "ok"


# R12: circuits.


async def test_r12_a_target_that_rests_is_skipped_and_said() -> None:
    world = World(a=failing("timeout"), b=writes("from b"))
    await world.create(model="a/m", fallbacks=["b/m"])
    completion = await world.create(model="a/m", fallbacks=["b/m"])
    assert told(completion) == [("a", "timeout", True), ("b", None, False)]
    assert world.heard.events[0] == ("attempt", "a", "m", "timeout")
    assert len(world.ledger.records) == 3


async def test_r12_alone_it_is_called_where_the_rest_is_short_and_else_told() -> None:
    world = World(a=failing("timeout"))
    await world.failure(model="a/m")
    error = await world.failure(model="a/m")
    assert (error.kind, error.retry_after_ms) == ("timeout", 5000)
    assert "5 s" in error.message
    assert world.called == ["a"]
    await anyio.sleep(4.2)
    await world.failure(model="a/m")
    assert world.called == ["a", "a"]


async def test_r12_the_limit_of_a_request_makes_nothing_rest() -> None:
    world = World(a=turns(silent, writes("ok")))
    assert (await world.failure(model="a/m", timeoutMs=300)).kind == "timeout"
    assert await world.circuits.open() == []
    assert (await world.create(model="a/m")).text == "ok"


async def test_r12_where_all_rest_the_one_that_ends_first_is_tried() -> None:
    world = World(a=failing("timeout"), b=turns(after(2, failing("timeout")), writes("from b")))
    await world.failure(model="a/m", fallbacks=["b/m"])
    world.dialects.plays["a"] = writes("from a")
    began = anyio.current_time()
    # a rests for another 3 s, b for 5.
    assert (await world.create(model="a/m", fallbacks=["b/m"])).provider == "a"
    assert 2.9 < anyio.current_time() - began < 3.2


async def test_r12_a_closed_port_is_tried_again_since_the_server_may_run_now() -> None:
    world = World(a=failing("network", may_repeat=False))
    await world.failure(model="a/m")
    world.dialects.plays["a"] = writes("ok")
    assert (await world.create(model="a/m")).text == "ok"


async def test_r12_a_server_of_the_users_own_is_called_again_at_once_where_it_is_alone() -> None:
    world = World(home=turns(writes("half", then=CUT), writes("ok")), b=writes("from b"))
    await world.failure(model="home/m")
    assert (await world.create(model="home/m", fallbacks=["b/m"])).provider == "b"
    assert (await world.create(model="home/m")).text == "ok"


async def test_r12_what_nobody_waits_for_cools_only_its_like() -> None:
    world = World(a=failing("timeout"), b=writes("from b"))
    await world.create(model="a/m", fallbacks=["b/m"], role="inline")
    await world.create(model="a/m", fallbacks=["b/m"])
    await world.create(model="a/m", fallbacks=["b/m"], role="next_edit")
    assert world.called == ["a", "b", "a", "b", "b"]


async def test_r12_a_success_closes_the_circuit() -> None:
    world = World(a=turns(failing("timeout"), writes("ok")))
    await world.failure(model="a/m")
    await anyio.sleep(5)
    await world.create(model="a/m")
    assert await world.circuits.open() == []


# R14 and the refused keys.


SEVERAL = {"KEYED_API_KEY": "k-1", "OTHER_API_KEY": "k-2"}


@pytest.mark.parametrize("kind", ["auth_rejected", "quota_exhausted", "forbidden"])
async def test_a_refused_key_goes_on_along_a_chain_that_was_written_and_is_warned_of_once(kind: str) -> None:
    world = World(keys=SEVERAL, keyed=failing(kind), other=writes("from other"))
    completion = await world.create(model="keyed/m", fallbacks=["other/m"])
    assert told(completion) == [("keyed", kind, False), ("other", None, False)]
    (warning,) = world.heard.warnings
    assert warning.startswith("Keyed ")
    assert "answered by Other" in warning
    assert "k-1" not in warning
    # The key rests, and the same day brings no second warning.
    await world.create(model="keyed/m", fallbacks=["other/m"])
    assert world.heard.warnings == []
    assert world.called == ["keyed", "other", "other"]
    # Another key is another matter.
    world.variables.values["KEYED_API_KEY"] = "k-3"
    world.dialects.plays["keyed"] = writes("from keyed")
    assert (await world.create(model="keyed/m", fallbacks=["other/m"])).provider == "keyed"


@pytest.mark.parametrize("kind", ["auth_rejected", "quota_exhausted", "forbidden"])
async def test_of_several_processes_the_one_that_was_refused_first_warns(kind: str) -> None:
    plays = {"keyed": failing(kind), "other": writes("from other")}
    first, second = World(keys=SEVERAL, **plays), World(keys=SEVERAL, **plays)
    second.share(first.circuits)
    await first.create(model="keyed/m", fallbacks=["other/m"])
    for wait_s in (0, 3601, 3 * 3600):
        await anyio.sleep(wait_s)
        await second.create(model="keyed/m", fallbacks=["other/m"])
        assert second.heard.warnings == []
    assert len(first.heard.warnings) == 1
    await anyio.sleep(25 * 3600)
    await second.create(model="keyed/m", fallbacks=["other/m"])
    assert len(second.heard.warnings) == 1


async def test_a_process_that_has_reported_a_refusal_as_an_error_warns_once_another_answers() -> None:
    world = World(keys=SEVERAL, keyed=failing("auth_rejected"), other=writes("from other"))
    await world.failure(model="keyed/m")
    await world.create(model="keyed/m", fallbacks=["other/m"])
    assert (len(world.heard.warnings), world.called) == (1, ["keyed", "other"])


async def test_a_refused_key_ends_there_where_the_user_wants_that() -> None:
    world = World(FailoverEntry(on_auth="stop"), keys=SEVERAL, keyed=failing("auth_rejected"), other=writes("x"))
    for _ in range(2):
        assert (await world.failure(model="keyed/m", fallbacks=["other/m"])).kind == "auth_rejected"
    assert world.called == ["keyed"]


async def test_no_target_is_called_with_a_key_that_was_refused() -> None:
    world = World(keys=SEVERAL, keyed=failing("auth_rejected"), twin=writes("x"), other=writes("from other"))
    completion = await world.create(model="keyed/m", fallbacks=["twin/m", "other/m"])
    assert told(completion) == [
        ("keyed", "auth_rejected", False),
        ("twin", "auth_rejected", True),
        ("other", None, False),
    ]


async def test_a_refused_key_alone_is_not_sent_again() -> None:
    world = World(keys=SEVERAL, keyed=failing("auth_rejected"))
    await world.failure(model="keyed/m")
    error = await world.failure(model="keyed/m")
    assert (error.kind, error.retry_after_ms, world.called) == ("auth_rejected", None, ["keyed"])


async def test_an_account_that_may_have_been_topped_up_is_asked_again_where_it_is_alone() -> None:
    world = World(keys=SEVERAL, keyed=turns(failing("quota_exhausted"), writes("ok")))
    await world.failure(model="keyed/m")
    assert (await world.create(model="keyed/m")).text == "ok"


TWO = {"FIRST_KEY": "k-1", "SECOND_KEY": "k-2"}


@pytest.mark.parametrize("kind", ["auth_rejected", "quota_exhausted", "rate_limited"])
async def test_r14_the_next_key_of_a_provider_comes_first_and_stays(kind: str) -> None:
    world = World(keys=TWO, several=turns(failing(kind, retry_after_ms=60_000), writes("ok")), b=writes("from b"))
    for _ in range(2):
        completion = await world.create(model="several/m", fallbacks=["b/m"])
        assert completion.provider == "several"
    assert world.keys == ["k-1", "k-2", "k-2"]


async def test_r14_where_every_key_is_refused_the_next_provider_follows() -> None:
    world = World(keys=TWO, several=failing("auth_rejected"), b=writes("from b"))
    for _ in range(2):
        assert (await world.create(model="several/m", fallbacks=["b/m"])).provider == "b"
    assert world.keys == ["k-1", "k-2"]


async def test_r14_a_failure_of_the_provider_itself_is_no_reason_for_another_key() -> None:
    world = World(keys=TWO, several=DOWN)
    await world.failure(model="several/m")
    assert world.keys == ["k-1", "k-1"]


class Automatic:
    """An order that nobody has written."""

    def __init__(self, world: World, *names: str) -> None:
        self._targets = [Target(world.registry.get(name), "m", "credential") for name in names]

    async def targets(self) -> list[Target]:
        return self._targets


@pytest.mark.parametrize(
    ("kind", "goes_on"), [("auth_rejected", False), ("quota_exhausted", False), ("rate_limited", True)]
)
async def test_an_automatic_order_never_goes_on_after_a_refused_key(kind: str, goes_on: bool) -> None:
    world = World(keys=SEVERAL, keyed=failing(kind), other=writes("from other"))
    world.use(defaults=Automatic(world, "keyed", "other"))
    if goes_on:
        assert (await world.create()).provider == "other"
    else:
        assert (await world.failure()).kind == kind
        assert world.called == ["keyed"]


# Budgets.


async def test_a_target_over_its_budget_is_skipped() -> None:
    world = World(a=failing("budget_exceeded"), b=writes("from b"))
    completion = await world.create(model="a/m", fallbacks=["b/m"])
    assert told(completion) == [("a", "budget_exceeded", True), ("b", None, False)]
    assert (await world.failure(model="a/m")).kind == "budget_exceeded"
    assert await world.circuits.open() == []


def test_the_route_of_a_call_is_what_its_circuit_is_named_by() -> None:
    from support.builders import endpoint

    route = route_of(endpoint(), "m", background=True, client="vim")
    assert (route.provider, route.model, route.background, route.client) == ("acme", "m", True, "vim")
