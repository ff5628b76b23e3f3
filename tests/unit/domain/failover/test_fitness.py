"""Which targets can take a request, as far as it is known."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.completions.request import read_request
from modelport.domain.failover.fitness import (
    MIN_CHECKED_TOKENS,
    ModelFacts,
    Needs,
    by_window,
    is_too_small,
    missing_feature,
    needs_of,
)
from modelport.frontends.rpc.messages import convert
from modelport.protocol.types import CreateCompletionParams


def needs(**params: Any) -> Needs:
    return needs_of(read_request(convert(params, CreateCompletionParams)))


TOOLS = [{"name": "f"}]
IMAGE = {"type": "image", "url": "https://x.example/a.png"}


def test_an_input_is_estimated_with_a_margin() -> None:
    assert needs(prompt="x" * 4000) == Needs(1100)
    assert needs(prompt="x" * 4000).are_common
    assert not needs(prompt="x" * 4 * MIN_CHECKED_TOKENS).are_common


def test_tools_and_images_are_needed_where_they_are_sent() -> None:
    assert needs(prompt="x", tools=TOOLS).tools
    assert not needs(prompt="x", tools=TOOLS, toolChoice="none").tools
    assert needs(messages=[{"role": "user", "content": [{"type": "text", "text": "x"}, IMAGE]}]).images
    assert not needs(messages=[{"role": "user", "content": [{"type": "text", "text": "x"}]}]).images


@pytest.mark.parametrize(
    ("facts", "needed", "lacks"),
    [
        (ModelFacts(), Needs(1, tools=True, images=True), None),
        (ModelFacts(tools=True, images=True), Needs(1, tools=True, images=True), None),
        (ModelFacts(tools=False), Needs(1), None),
        (ModelFacts(tools=False), Needs(1, tools=True), "takes no tools"),
        (ModelFacts(images=False), Needs(1, images=True), "takes no images"),
    ],
)
def test_only_what_is_known_to_be_missing_is(facts: ModelFacts, needed: Needs, lacks: str | None) -> None:
    assert missing_feature(facts, needed) == lacks


def test_an_unknown_window_is_never_too_small() -> None:
    assert not is_too_small(ModelFacts(), 10**9)
    assert not is_too_small(ModelFacts(window=100), 100)
    assert is_too_small(ModelFacts(window=99), 100)


def test_larger_windows_come_first_in_their_order_and_unknown_ones_last() -> None:
    windows = {"unknown": None, "small": 100, "large": 300, "larger": 400, "same": 200}
    assert by_window([(name, ModelFacts(window=size)) for name, size in windows.items()], 200) == [
        "large",
        "larger",
        "unknown",
    ]
