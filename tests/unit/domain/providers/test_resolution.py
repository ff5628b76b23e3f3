"""Where a prompt goes: the numbered list of the protocol's page, one case or more for each of its steps."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from modelport.domain.errors import InvalidParams
from modelport.domain.providers.connection import OpenConnection, Overrides
from modelport.domain.providers.registry import Registry, Target
from modelport.domain.providers.resolution import resolve
from modelport.protocol.types import Connection, CredentialStatus, Resolution, ResolutionStep
from support.builders import row

PAGES = Path(__file__).parents[4] / "protocol" / "methods"
LAB = row("lab", aliases=("laboratory",), category="Labs", default_model="lab-1", model_patterns=("lab-*",))
HOST = row("host", example_models=("lab-1", "open-1", "other/slashed"))
GATE = row("gate")
LOCAL = row("local", connection_type="local", requires_api_key=False)
LOCAL_2 = row("local-2", connection_type="local", requires_api_key=False)
ROWS = [LAB, HOST, GATE, LOCAL, LOCAL_2]


def open_(provider: str, *models: str, name: str | None = None) -> OpenConnection:
    found = Registry(ROWS).get(provider)
    view = Connection(
        name=name or provider,
        provider=provider,
        model=models[0] if models else None,
        adapter="x",
        dialect="openai_chat",
        credential=CredentialStatus(provider=provider, source="none"),
        verified=True,
    )
    return OpenConnection(
        name=name or provider, provider=found, overrides=Overrides(), view=view, models=frozenset(models)
    )


def target(
    *connections: OpenConnection,
    provider: str | None = None,
    model: str | None = None,
    default: str | None = None,
    resolution: Resolution | None = None,
    configured: Resolution = "automatic",
) -> Target:
    registry = Registry(ROWS)
    registry.resolution = configured
    if default is not None:
        registry.default_target = Target(registry.get(default), None, "defaultModel", "default_model names it")
    return resolve(registry, connections, provider, model, resolution)


CASES: dict[ResolutionStep, list[tuple[Target, str, str | None]]] = {
    "request": [
        (target(provider="gate", model="lab-1"), "gate", "lab-1"),
        (target(provider="gate", model="lab/lab-1"), "gate", "lab/lab-1"),
        (target(model="gate/lab/lab-1"), "gate", "lab/lab-1"),
        (target(model="Laboratory/x"), "lab", "x"),
        (target(model="lab"), "lab", None),
        (target(open_("local", "a"), model="lab/x"), "lab", "x"),
        # Only the connection in use is asked for an id with another provider's name in front.
        (target(open_("local", "a"), open_("gate", "lab/x"), model="lab/x"), "lab", "x"),
        (target(open_("local", "a"), provider="local"), "local", "a"),
    ],
    "connection": [
        (target(open_("gate", "lab/x"), model="lab/x"), "gate", "lab/x"),
        (target(open_("gate", "lab-1"), model="lab-1"), "gate", "lab-1"),
        (target(open_("host"), model="lab-1"), "host", "lab-1"),
        # Of two servers of one kind the one that has the model.
        (target(open_("local", "a", "both"), open_("local-2", "b", "both"), model="b"), "local-2", "b"),
        (target(open_("local", "a", "both"), open_("local-2", "b", "both"), model="both"), "local", "both"),
        (target(open_("local", "a"), open_("local-2", "nobody/b"), model="nobody/b"), "local-2", "nobody/b"),
        (target(open_("local", "a"), open_("local-2", "lab-1"), model="lab-1"), "local-2", "lab-1"),
    ],
    "catalog": [
        (target(model="open-1"), "host", "open-1"),
        (target(model="OPEN-1"), "host", "open-1"),
        (target(model="other/slashed"), "host", "other/slashed"),
        (target(model="lab-1"), "lab", "lab-1"),
        (target(open_("local", "a"), model="open-1"), "host", "open-1"),
    ],
    "maker": [(target(model="lab-new"), "lab", "lab-new"), (target(open_("gate"), model="lab-new"), "lab", "lab-new")],
    "activeConnection": [
        (target(open_("local", "a"), open_("gate", "b"), default="lab"), "local", "a"),
        (target(open_("local", "a"), model="my-own"), "local", "my-own"),
    ],
    "defaultModel": [(target(default="host"), "host", None)],
}
BY_CHAIN = ("chain", "credential", "localServer")
"""Found by a chain of the configuration or by the default one, whose tests have their cases."""


def steps_of_the_page() -> list[str]:
    text = (PAGES / "completion.md").read_text(encoding="utf-8")
    return re.findall(r"^(\d+)\. `(\w+)`: .+\.$", text, re.MULTILINE)


def test_the_page_numbers_every_step_in_the_order_of_the_enumeration() -> None:
    expected = [(str(number), step) for number, step in enumerate(get_args(ResolutionStep), 1)]
    assert steps_of_the_page() == expected
    assert [*CASES, *BY_CHAIN] == [step for _, step in expected]


@pytest.mark.parametrize("page", ["token", "embedding", "image", "moderation"])
def test_the_pages_of_other_calls_refer_to_the_list(page: str) -> None:
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    assert f"completion.md#completioncreate), 1 to {len(CASES)}." in text


@pytest.mark.parametrize(("step", "case"), [(step, case) for step, cases in CASES.items() for case in cases])
def test_each_step(step: ResolutionStep, case: tuple[Target, str, str | None]) -> None:
    found, provider, model = case
    assert (found.resolved_by, found.provider.id, found.model) == (step, provider, model)
    assert (found.reason is None) is (step == "request")


@pytest.mark.parametrize(
    ("resolution", "configured"), [("explicit", "automatic"), (None, "explicit"), ("automatic", "explicit")]
)
def test_explicit_resolution_takes_the_first_step_alone(resolution: Resolution | None, configured: Resolution) -> None:
    """A request can be stricter than the configuration, not laxer."""
    strict = {"resolution": resolution, "configured": configured}
    connection = open_("gate", "lab/x", "bare")
    for named in ({"provider": "gate", "model": "m"}, {"model": "gate/m"}, {"provider": "gate"}, {"model": "lab"}):
        assert target(**named, **strict).resolved_by == "request"
    assert target(connection, model="lab/x", **strict).provider is LAB
    for model, example in (("lab-1", "lab/lab-1"), ("lab-new", "lab/lab-new"), ("other/slashed", "host/other/slashed")):
        with pytest.raises(InvalidParams, match=f"such as {example}:") as refused:
            target(connection, model=model, **strict)
        assert (refused.value.kind, refused.value.field) == ("unknown_model", "model")
    with pytest.raises(InvalidParams, match="PROVIDER/MODEL") as refused:
        target(connection, default="lab", **strict)
    assert (refused.value.kind, refused.value.field) == (None, "model")
    for model, kind in (("lap/x", "unknown_provider"), ("bare", "unknown_model")):
        with pytest.raises(InvalidParams) as refused:
            target(connection, model=model, **strict)
        assert refused.value.kind == kind


@pytest.mark.parametrize("connections", [[], [open_("local", "a")]])
def test_an_unknown_prefix_goes_nowhere(connections: list[OpenConnection]) -> None:
    with pytest.raises(InvalidParams, match="did you mean lab") as refused:
        target(*connections, model="labb/x", default="lab")
    assert (refused.value.kind, refused.value.field) == ("unknown_provider", "model")


def test_nothing_at_all_says_what_to_do() -> None:
    with pytest.raises(InvalidParams, match="provider/connect"):
        target()
