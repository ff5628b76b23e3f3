"""Judging texts, in the form that OpenAI made and others took over.

Source: OpenAI API reference, Moderations; Mistral API reference, Classifiers.
"""

from __future__ import annotations

from typing import Any

from modelport.adapters.operations import mock
from modelport.adapters.operations.replies import count_at, objects, read
from modelport.adapters.operations.sender import Sender
from modelport.adapters.wire.errors import NotUnderstood
from modelport.adapters.wire.json_values import refuse
from modelport.adapters.wire.request import WireRequest
from modelport.domain.operations.calls import Judged, ModerationCall
from modelport.protocol.shapes import is_object
from modelport.protocol.types import Judgement


async def moderate(sender: Sender, call: ModerationCall) -> Judged:
    """The judgements of a call."""
    if call.wire.form == "mock":
        return await mock.moderate(call)
    return await sender.post(call.endpoint, call.model, request(call), lambda body: decode(call, body))


def request(call: ModerationCall) -> WireRequest:
    """The request for a call."""
    return WireRequest(call.wire.path or "/moderations", {"model": call.model, "input": list(call.texts)})


def decode(call: ModerationCall, body: bytes) -> Judged:
    """The judgements of a reply.

    Raises:
        NotUnderstood: it is not a judgement for each text.
        ProviderRefused: it holds an error.
    """
    reply = read(body)
    results = objects(reply.get("results"))
    if not results:
        refuse(body)
    if len(results) != len(call.texts):
        raise NotUnderstood(body[:200], f"{len(results)} judgements for {len(call.texts)} texts")
    judgements = tuple(_judgement(result, body) for result in results)
    return Judged(judgements, count_at(reply, "usage.prompt_tokens"))


def _judgement(result: dict[str, Any], body: bytes) -> Judgement:
    categories, scores = result.get("categories"), result.get("category_scores")
    if not is_object(categories):
        raise NotUnderstood(body[:200], "a judgement without categories")
    flags = {name: bool(value) for name, value in categories.items()}
    numbers = scores if is_object(scores) else {}
    # Without an overall result, one flagged category is enough.
    flagged = result.get("flagged")
    return Judgement(
        flagged=flagged if isinstance(flagged, bool) else any(flags.values()),
        categories=flags,
        scores={name: float(value) for name, value in numbers.items() if type(value) in (int, float)},
    )
