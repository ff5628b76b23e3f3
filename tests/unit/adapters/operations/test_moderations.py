"""Judgements: the request, and replies with and without a result for the whole."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.adapters.operations.moderations import decode, request
from modelport.adapters.wire.errors import NotUnderstood, ProviderRefused
from modelport.domain.operations.calls import ModerationCall
from modelport.domain.providers.wire.operations import ModerationWire
from modelport.protocol.types import Judgement
from support.builders import endpoint


def call(*texts: str, **flags: Any) -> ModerationCall:
    wire = ModerationWire(form="openai", **flags)
    return ModerationCall(endpoint=endpoint(), wire=wire, model="some-model", texts=texts or ("one",))


def judged(value: Any) -> tuple[Judgement, ...]:
    return decode(call(), json.dumps(value).encode()).judgements


def test_the_request() -> None:
    wanted = request(call("a", "b"))
    assert (wanted.path, wanted.body) == ("/moderations", {"model": "some-model", "input": ["a", "b"]})
    assert request(call(path="/judge")).path == "/judge"


def test_a_verdict_on_the_whole_counts() -> None:
    result = {"flagged": True, "categories": {"hate": False}, "category_scores": {"hate": 0.25, "odd": "high"}}
    assert judged({"results": [result]}) == (
        Judgement(flagged=True, categories={"hate": False}, scores={"hate": 0.25}),
    )


@pytest.mark.parametrize("hate", [True, False])
def test_without_one_any_category_is_one(hate: bool) -> None:
    (judgement,) = judged({"results": [{"categories": {"hate": hate, "pii": False}}]})
    assert judgement.flagged is hate
    assert judgement.scores == {}


def test_tokens_where_they_are_counted() -> None:
    reply = {"results": [{"categories": {}}], "usage": {"prompt_tokens": 12}}
    assert decode(call(), json.dumps(reply).encode()).input_tokens == 12


@pytest.mark.parametrize(
    "reply",
    [{}, {"results": []}, {"results": [{"categories": {}}] * 2}, {"results": [{"flagged": True}]}, {"results": "bad"}],
)
def test_replies_that_do_not_judge_each_text(reply: dict[str, Any]) -> None:
    with pytest.raises(NotUnderstood):
        judged(reply)


def test_an_error_inside_a_reply() -> None:
    with pytest.raises(ProviderRefused):
        judged({"error": {"message": "no"}})
