"""The embedded mock provider: deterministic answers without a network, for clients to test themselves against.

The model's name decides what happens: ``mock`` answers, and options follow after a colon, separated
by commas, as in ``mock:think,tools,delay=20``:

``think``
    reasons before it answers
``tools``
    calls every tool it is offered, in parallel, with arguments that fit the schema
``words=N``
    answers with N words instead of repeating the question
``delay=MS``
    waits so long before each delta
``fail=KIND``, ``after=N``
    fails with this kind of error, at once or after N deltas; with a kind that refuses a request, always at once
``cut=N``
    breaks off after N deltas, as a lost connection does
``stall=N``
    sends nothing more after N deltas until it is cancelled or times out
``finish=REASON``
    ends with this finish reason
``nousage``
    gives no token counts

Where there are no N deltas, what should happen after them happens at the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, get_args

import anyio
import anyio.lowlevel
from msgspec import Struct

from modelport.adapters.wire.content import plain_text
from modelport.borders import json_bytes
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.parameters import refuse_others
from modelport.domain.completions.reported_usage import Measured, TokenCounts
from modelport.domain.errors import ERROR_KINDS, InvalidParams, ModelportError, RequestFailed
from modelport.domain.providers.connection import Endpoint, Verification
from modelport.protocol.shapes import is_list
from modelport.protocol.types import FinishReason

FLAGS = ("think", "tools", "nousage")
NUMBERS = ("words", "delay", "after", "cut", "stall")
PARAMETERS = (
    "temperature", "top_p", "top_k", "min_p", "max_tokens", "stop", "seed", "presence_penalty", "frequency_penalty",
    "repetition_penalty", "parallel_tool_calls", "reasoning_effort", "reasoning_budget", "context_length", "user",
)  # fmt: skip
REQUEST_AT_FAULT = frozenset({"unknown_provider", "unknown_model", "invalid_key_format"})
"""The kinds that come with -32602: nothing is sent."""
SENTENCE = ("The", "quick", "brown", "fox", "jumps", "over", "the", "naïve", "dog", "in", "東京,", "twice.")
DEFAULT_IDLE_TIMEOUT_S = 30.0


class Script(Struct, frozen=True):
    """The options in the model's name."""

    think: bool = False
    tools: bool = False
    nousage: bool = False
    words: int | None = None
    delay: int = 0
    fail: str | None = None
    after: int = 0
    cut: int | None = None
    stall: int | None = None
    finish: FinishReason | None = None


class Mock:
    """A ``Completer`` that makes its answers up."""

    async def complete(self, call: ModelCall, answer: Answer) -> None:
        """Plays the script in the model's name."""
        script = read_script(call.model)
        refuse_others(call.parameters, PARAMETERS, provider="mock", model=call.model)
        deltas = list(_deltas(script, call))
        allowed = deltas[: call.parameters.get("max_tokens")]
        for sent, (kind, index, delta) in enumerate(allowed):
            await _trouble(script, call, sent)
            await (anyio.sleep(script.delay / 1000) if script.delay else anyio.lowlevel.checkpoint())
            if answer.listener.congested:
                await answer.listener.drained()
            _deliver(answer, kind, index, delta, call)
        await _trouble(script, call, len(allowed), last=True)
        if len(allowed) < len(deltas):
            answer.finish("length")
        else:
            answer.finish("toolCalls" if answer.has_tool_calls() else "stop")
        if script.finish is not None:
            answer.finish(script.finish)
        if not script.nousage:
            spoken = sum(len(plain_text(message).split()) for message in call.messages)
            thought = len(_THOUGHT) if script.think else None
            counts = TokenCounts(input=spoken, output=len(allowed), reasoning=thought)
            answer.measure = lambda: Measured(counts=counts)

    async def prepare(self, endpoint: Endpoint) -> None:
        """There is nothing to load."""

    async def verify(self, endpoint: Endpoint) -> Verification:
        """There is nothing to verify."""
        return Verification(verified=True, models=endpoint.provider.example_models)


async def prepare_operation(endpoint: Endpoint, model: str) -> bool:
    """Plays the options that hold for other operations than completions; returns whether tokens are counted."""
    script = read_script(model)
    call = ModelCall(endpoint=endpoint, model=model, messages=())
    await (anyio.sleep(script.delay / 1000) if script.delay else anyio.lowlevel.checkpoint())
    await _trouble(script, call, 0, last=True)
    return not script.nousage


async def _trouble(script: Script, call: ModelCall, sent: int, *, last: bool = False) -> None:
    """Does what the script wants after so many deltas; after the last one, also what it wanted later."""

    def due(after: int | None) -> bool:
        return after is not None and (after == sent or (last and after > sent))

    if script.fail and (due(script.after) or script.fail in REQUEST_AT_FAULT):
        raise _failure(script, call)
    if due(script.stall):
        await _stall(call)
    if due(script.cut):
        raise _broken_off(call)


def read_script(model: str) -> Script:
    """The script in a model's name.

    Raises:
        InvalidParams: the name is not one of the mock's.
    """
    name, _, options = model.partition(":")
    values: dict[str, Any] = {}
    for option in filter(None, options.split(",")):
        key, _, value = option.partition("=")
        if key in FLAGS and not value:
            values[key] = True
        elif key in NUMBERS and value.isdigit():
            values[key] = int(value)
        elif (key == "fail" and value in ERROR_KINDS) or (key == "finish" and value in get_args(FinishReason)):
            values[key] = value
        else:
            name = ""
    if name != "mock":
        raise InvalidParams(
            f'The mock has no model "{model}": it is called mock, with options such as mock:think,tools or '
            "mock:fail=rate_limited; docs/mock.md lists them.",
            kind="unknown_model",
            field="model",
            provider="mock",
            model=model,
            action="name a model of the mock",
        )
    return Script(**values)


_THOUGHT = ("Let ", "me ", "think ", "about ", "that. ")


def _deltas(script: Script, call: ModelCall) -> Iterator[tuple[str, int, str]]:
    """Kind, tool index and text of each delta, in order."""
    if script.think:
        for word in _THOUGHT:
            yield "reasoning", 0, word
    if script.tools and call.tools and call.tool_choice != "none" and call.messages[-1].role != "tool":
        yield from _tool_deltas(call)
        return
    for word in re.findall(r"\s*\S+|\s+$", _reply(script, call)):
        yield "text", 0, word


def _tool_deltas(call: ModelCall) -> Iterator[tuple[str, int, str]]:
    """All calls begin before the first has its arguments, so that their deltas are interleaved."""
    chosen = [tool for tool in call.tools if call.named_tool in (None, tool.name)]
    texts = [json_bytes(instance(tool.parameters or {})).decode() for tool in chosen]
    for index in range(len(chosen)):
        yield "tool", index, ""
    for start in range(0, max(map(len, texts), default=0), 8):
        for index, text in enumerate(texts):
            if delta := text[start : start + 8]:
                yield "tool", index, delta


def _reply(script: Script, call: ModelCall) -> str:
    last = plain_text(call.messages[-1])
    if call.answer_format is not None:
        text = json_bytes(instance(call.answer_format.schema or {"type": "object"})).decode()
    elif script.words is not None:
        text = " ".join(SENTENCE[i % len(SENTENCE)] for i in range(script.words))
    else:
        text = f"The tool said: {last}" if call.messages[-1].role == "tool" else f"You said: {last}"
    for stop in call.parameters.get("stop", ()):
        text = text.partition(stop)[0]
    return text


def _deliver(answer: Answer, kind: str, index: int, delta: str, call: ModelCall) -> None:
    if kind == "text":
        answer.text(delta)
    elif kind == "reasoning":
        answer.reasoning(delta)
    elif delta:
        answer.tool_call(index, arguments=delta)
    else:
        chosen = [tool for tool in call.tools if call.named_tool in (None, tool.name)]
        answer.tool_call(index, call_id=f"mock_call_{index}", name=chosen[index].name)


def _failure(script: Script, call: ModelCall) -> ModelportError:
    if script.fail in REQUEST_AT_FAULT:
        return InvalidParams(
            f"The mock refused the request with {script.fail}, as its name requests: use another model.",
            kind=script.fail,  # type: ignore[arg-type]
            field="model",
            provider="mock",
            model=call.model,
            action="use another model",
        )
    return RequestFailed(
        script.fail,  # type: ignore[arg-type]
        f"The mock failed with {script.fail}, as its name requests: use another model.",
        provider="mock",
        model=call.model,
        retry_after_ms=1000 if script.fail == "rate_limited" else None,
        action="use another model",
    )


async def _stall(call: ModelCall) -> NoReturn:
    seconds = call.endpoint.idle_timeout_s or DEFAULT_IDLE_TIMEOUT_S
    await anyio.sleep(seconds)
    raise RequestFailed(
        "timeout",
        f"The mock sent nothing for {seconds:g} s, as its name requests: try again without stall.",
        provider="mock",
        model=call.model,
        action="try again",
    )


def _broken_off(call: ModelCall) -> RequestFailed:
    return RequestFailed(
        "stream_interrupted",
        "The mock broke off in the middle of the answer, as its name requests: try again.",
        provider="mock",
        model=call.model,
        action="try again",
    )


def instance(schema: dict[str, Any]) -> Any:
    """A value that fits a JSON schema of the usual kind: the first choice, required and optional fields alike."""
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    for name in ("enum", "examples"):
        if schema.get(name):
            return schema[name][0]
    for name in ("anyOf", "oneOf", "allOf"):
        if schema.get(name):
            return instance(schema[name][0])
    kind: Any = schema.get("type", "object" if "properties" in schema else None)
    if is_list(kind):
        kind = kind[0] if kind else None
    return _OF_TYPE.get(str(kind), lambda _: {})(schema)


def _number(schema: dict[str, Any]) -> Any:
    """One, or what is nearest to it within the bounds."""
    number = min(1, schema.get("maximum", 1))
    return max(number, schema.get("minimum", number))


_OF_TYPE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "object": lambda schema: {name: instance(inner) for name, inner in schema.get("properties", {}).items()},
    "array": lambda schema: [instance(schema.get("items") or {"type": "string"})] * max(1, schema.get("minItems", 1)),
    "integer": _number,
    "number": _number,
    "boolean": lambda _: True,
    "null": lambda _: None,
    "string": lambda schema: "text".ljust(schema.get("minLength", 0), "x"),
}
