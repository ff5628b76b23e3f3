"""Which chain of the configuration goes with a request."""

from __future__ import annotations

import pytest

from modelport.domain.errors import InvalidParams
from modelport.domain.failover.chains import chain_of_role, named_chain

CHAINS = {"default": ("a/x", "b/y"), "inline": ("c/z",), "agent": (), "night": ("d/w",)}


@pytest.mark.parametrize(
    ("role", "name"),
    [(None, "default"), ("chat", "default"), ("inline", "inline"), ("small", "default"), ("agent", "default")],
)
def test_a_role_without_a_chain_has_the_default_one(role: str | None, name: str) -> None:
    assert chain_of_role(CHAINS, role) == (name, CHAINS[name])
    assert chain_of_role({}, role) == ("default", ())


@pytest.mark.parametrize(
    ("provider", "model"), [(None, None), (None, "chain"), ("chain", "night"), (None, "night"), ("a", "chain/night")]
)
def test_other_names_are_no_chain(provider: str | None, model: str | None) -> None:
    assert named_chain(CHAINS, provider, model) is None


def test_a_chain_is_named_as_a_model() -> None:
    assert named_chain(CHAINS, None, "chain/night") == ("night", ("d/w",))


@pytest.mark.parametrize(("name", "hint"), [("nigth", "did you mean night"), ("xyz", "there are agent, default")])
def test_an_unknown_chain_is_an_error_with_the_known_ones(name: str, hint: str) -> None:
    with pytest.raises(InvalidParams, match=hint) as refused:
        named_chain(CHAINS, None, f"chain/{name}")
    assert (refused.value.kind, refused.value.field) == ("unknown_model", "model")
