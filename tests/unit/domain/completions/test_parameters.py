"""Sampling parameters by all their names, with their ranges."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.completions.parameters import ALIASES, CHECKS, normalise, refuse_others
from modelport.domain.errors import InvalidParams


@pytest.mark.parametrize(
    ("alias", "name", "value"),
    [
        ("temp", "temperature", 0.5),
        ("nucleus_sampling", "top_p", 0.9),
        ("topP", "top_p", 0.9),
        ("max_length", "max_tokens", 100),
        ("maxTokens", "max_tokens", 100),
        ("max_completion_tokens", "max_tokens", 100),
        ("context", "context_length", 8192),
        ("context_length", "context_length", 8192),
        ("ctx_size", "context_length", 8192),
        ("topK", "top_k", 40),
        ("stop_sequences", "stop", ["END"]),
        ("random_seed", "seed", 7),
        ("effort", "reasoning_effort", "low"),
        ("thinking_budget", "reasoning_budget", 1024),
        ("repeat_penalty", "repetition_penalty", 1.1),
    ],
)
def test_every_alias_of_the_contract_means_its_parameter(alias: str, name: str, value: Any) -> None:
    assert normalise({alias: value}) == {name: value}


def test_every_alias_leads_to_a_known_parameter_and_none_hides_one() -> None:
    assert set(ALIASES.values()) <= set(CHECKS)
    assert not set(ALIASES) & set(CHECKS)


GOOD: dict[str, list[Any]] = {
    "temperature": [0, 2, 0.7],
    "top_p": [0, 1, 0.5],
    "top_k": [0, 40],
    "min_p": [0, 1],
    "max_tokens": [1, 100_000],
    "context_length": [1, 1_000_000],
    "stop": [["a"], ["a", "b"], "a"],
    "seed": [0, -1, 2**53, -(2**63)],
    "presence_penalty": [-2, 2],
    "frequency_penalty": [-2, 2],
    "repetition_penalty": [0, 1.1, 10],
    "parallel_tool_calls": [True, False],
    "reasoning_effort": ["none", "minimal", "low", "medium", "high", "xhigh", "max"],
    "reasoning_budget": [0, 1024],
    "keep_alive": ["5m", -1, 0],
    "user": ["me", ""],
}
BAD: dict[str, list[Any]] = {
    "temperature": [-0.1, 2.1, "1", True, [1], {}],
    "top_p": [-0.1, 1.1, "1", False],
    "top_k": [-1, 1.5, "40", True],
    "min_p": [-0.1, 1.1],
    "max_tokens": [0, -5, 1.5, "10", True],
    "context_length": [0, "8k", False],
    "stop": [[], [""], ["a", 5], 5, "", {}],
    "seed": [1.5, "7", True, -(2**63) - 1],
    "presence_penalty": [-2.1, 2.1, True],
    "frequency_penalty": [-2.1, 2.1, "0"],
    "repetition_penalty": [-1, 10.5, True],
    "parallel_tool_calls": [1, 0, "true"],
    "reasoning_effort": ["", "huge", 3, ["low"], True],
    "reasoning_budget": [-1, 1.5, "much"],
    "keep_alive": [1.5, True, ["5m"]],
    "user": [5, ["me"]],
}


def test_the_tables_here_speak_of_every_parameter() -> None:
    assert GOOD.keys() == BAD.keys() == CHECKS.keys()


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in GOOD.items() for value in values])
def test_values_within_the_range_pass(name: str, value: Any) -> None:
    wanted = [value] if name == "stop" and isinstance(value, str) else value
    assert normalise({name: value}) == {name: wanted}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_values_out_of_the_range_are_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(InvalidParams) as refused:
        normalise({name: value})
    assert refused.value.field == f"parameters.{name}"
    assert f"parameters.{name} must be " in refused.value.message


def test_a_wrong_value_is_named_as_the_client_wrote_it() -> None:
    with pytest.raises(InvalidParams, match=r"parameters\.temp must be") as refused:
        normalise({"temp": 9})
    assert refused.value.field == "parameters.temp"


@pytest.mark.parametrize("name", ["temprature", "Temperature", "", "logit_bias"])
def test_an_unknown_name_is_refused_and_the_known_ones_are_told(name: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        normalise({name: 1})
    assert refused.value.field == f"parameters.{name}"
    assert f'"{name}"' in refused.value.message
    assert "temperature, top_p" in refused.value.message


def test_null_counts_as_absent_even_under_an_unknown_name() -> None:
    assert normalise({"temperature": None, "logit_bias": None, "seed": 1}) == {"seed": 1}


@pytest.mark.parametrize("nothing", [None, {}])
def test_no_parameters_are_none(nothing: Any) -> None:
    assert normalise(nothing) == {}


def test_two_names_of_one_parameter_that_disagree_are_refused() -> None:
    with pytest.raises(InvalidParams, match="another name for temperature") as refused:
        normalise({"temperature": 0.1, "temp": 0.2})
    assert refused.value.field == "parameters.temp"


def test_two_names_of_one_parameter_that_agree_are_one() -> None:
    assert normalise({"max_tokens": 5, "maxTokens": 5, "stop": "a", "stop_sequences": ["a"]}) == {
        "max_tokens": 5,
        "stop": ["a"],
    }


def test_what_a_dialect_cannot_take_is_an_error_that_names_it() -> None:
    with pytest.raises(InvalidParams) as refused:
        refuse_others({"seed": 1, "top_k": 2}, {"seed", "stop"}, provider="acme", model="m")
    error = refused.value
    assert (error.kind, error.field, error.provider, error.model) == ("unsupported", "parameters.top_k", "acme", "m")
    assert "top_k" in error.message
    assert "seed, stop" in error.message


def test_what_a_dialect_takes_passes() -> None:
    refuse_others({"seed": 1}, {"seed"}, provider="acme", model="m")
