"""The rules that compare answers with the rows, and every row with what its server answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.data.fingerprints import load_fingerprints
from modelport.domain.local.fingerprints import (
    Fingerprint,
    Fingerprints,
    Probe,
    Recognition,
    Reply,
    answers_all_alike,
    holds,
    names_at,
    open_paths,
    recognise,
    text_at,
    values_at,
)
from support.local_answers import OTHERS, SERVERS, Raw, Sample

BOOK = load_fingerprints()
PATHS = [path for wave in BOOK.waves for path in wave]
named = {"ids": lambda sample: sample.name}


def reply(raw: Raw) -> Reply:
    status, headers, body = raw
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    return Reply(status=status, headers=headers, text=body.decode(), json=value, latency_ms=1.5)


def replies_of(sample: Sample) -> dict[str, Reply]:
    return {path: reply(sample.answer(path)) for path in PATHS}


def fits(row: Fingerprint, answers: Mapping[str, Reply]) -> bool:
    only = msgspec.structs.replace(BOOK, server=(row,))
    return recognise(only, answers, final=True) is not None


@pytest.mark.parametrize("sample", [*SERVERS, *OTHERS], **named)
def test_every_server_is_recognised_as_itself(sample: Sample) -> None:
    match = recognise(BOOK, replies_of(sample), final=True)
    assert (match and match.row.provider) == sample.provider


@pytest.mark.parametrize("sample", SERVERS, **named)
def test_no_other_row_fits(sample: Sample) -> None:
    answers = replies_of(sample)
    assert {row.provider for row in BOOK.server if fits(row, answers) and not row.last} <= {sample.provider}


@pytest.mark.parametrize("sample", [sample for sample in SERVERS if sample.provider != "openai-compatible"], **named)
def test_what_only_speaks_as_openai_does_is_told_last(sample: Sample) -> None:
    match = recognise(BOOK, replies_of(sample))
    assert match is not None
    assert not match.row.last


def test_every_row_has_a_sample() -> None:
    assert {sample.provider for sample in SERVERS} == {row.provider for row in BOOK.server}


@pytest.mark.parametrize("sample", SERVERS, **named)
def test_it_is_decided_after_the_wave_that_holds_its_mark(sample: Sample) -> None:
    """Asking in waves decides as asking everything does."""
    answers: dict[str, Reply] = {}
    match = None
    for wave in BOOK.waves:
        wanted = open_paths(BOOK, answers, answers)
        answers |= {path: reply(sample.answer(path)) for path in wave if path in wanted}
        if match := recognise(BOOK, answers):
            break
    match = match or recognise(BOOK, answers, final=True)
    assert match is not None
    assert match.row.provider == sample.provider


@pytest.mark.parametrize("sample", SERVERS, **named)
def test_the_evidence_is_one_line_about_answers(sample: Sample) -> None:
    match = recognise(BOOK, replies_of(sample), final=True)
    assert match is not None
    assert match.evidence.startswith("GET /")
    assert match.evidence.isprintable()
    assert match.latency_ms == 1.5


@pytest.mark.parametrize(
    ("name", "evidence"),
    [
        ("ollama", 'GET / answered "Ollama is running"'),
        ("llama.cpp", 'GET /v1/models answered 200, sent "Server: llama.cpp"'),
        ("llama.cpp with a key", 'GET /v1/models answered 401, sent "Server: llama.cpp"'),
        ("vLLM", 'GET /v1/models has owned_by "vllm"'),
        ("LM Studio without models", "GET /lmstudio-greeting has lmstudio true"),
        ("LiteLLM", 'GET / mentions "LiteLLM API - Swagger UI"'),
        ("LiteLLM with a key", "GET /health/liveliness answered \"I'm alive!\""),
        ("TGI 3", "GET /info has model_id, max_total_tokens, validation_workers"),
        ("aimock", 'GET /v1/models has object "list", has data, has owned_by "aimock"'),
        ("KoboldCpp", 'GET /v1/models has owned_by "koboldcpp"; GET /api/extra/version has result "KoboldCpp"'),
        ("mlx without downloads", 'GET /v1/models sent "Server: BaseHTTP/0.6 Python/3.11.7", answered nothing; GET / answered 404, answered "Not Found"; GET /health answered {"status": "ok"}'),
        ("a list without models", 'GET /v1/models has object "list", has data'),
    ],
)  # fmt: skip
def test_the_evidence_in_words(name: str, evidence: str) -> None:
    (sample,) = [sample for sample in SERVERS if sample.name == name]
    match = recognise(BOOK, replies_of(sample), final=True)
    assert match is not None
    assert match.evidence == evidence


# What is worth asking.


def test_at_first_everything_is_open() -> None:
    assert open_paths(BOOK, {}, ()) == set(PATHS)


@pytest.mark.parametrize("sample", [*SERVERS, *OTHERS], **named)
def test_nothing_is_open_in_the_end(sample: Sample) -> None:
    assert open_paths(BOOK, replies_of(sample), PATHS) == set()


def test_a_way_is_closed_by_an_answer_that_does_not_fit_and_by_one_that_did_not_come() -> None:
    first, second = Probe(path="/a", text="yes"), Probe(path="/b", text="yes")
    row = Fingerprint(provider="x", ways=((first, second),), checked="2026-11-20", source="x")
    book = Fingerprints(waves=(("/a", "/b"),), other_services=(), server=(row,))
    yes, no = Reply(status=200, text="yes"), Reply(status=200, text="no")
    assert open_paths(book, {}, ()) == {"/a", "/b"}
    assert open_paths(book, {"/a": yes}, {"/a"}) == {"/b"}
    assert open_paths(book, {"/a": no}, {"/a"}) == set()
    assert open_paths(book, {}, {"/a"}) == set()
    assert open_paths(book, {"/a": yes, "/b": yes}, {"/a", "/b"}) == set()


# Garbage.

texts = st.text(max_size=60)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))
replies = st.builds(
    Reply,
    status=st.integers(0, 999),
    headers=st.dictionaries(texts, texts, max_size=3),
    text=texts,
    json=values,
)


@given(st.dictionaries(st.sampled_from(PATHS), replies))
def test_garbage_is_no_server(answers: dict[str, Reply]) -> None:
    assert recognise(BOOK, answers, final=True) is None


@given(st.dictionaries(st.sampled_from(PATHS), replies), values, st.text(alphabet="ab.*", max_size=8))
def test_garbage_is_read_without_an_error(answers: dict[str, Reply], tree: Any, path: str) -> None:
    answers_all_alike(answers, PATHS)
    values_at(tree, path)
    assert all(name.isprintable() for name in names_at(tree, path))
    assert (text_at(tree, path) or "x").isprintable()


def test_no_answers_are_no_server() -> None:
    assert recognise(BOOK, {}, final=True) is None


# The rules.


@pytest.mark.parametrize(
    ("probe", "holds_"),
    [
        ({}, True),
        ({"statuses": (404,)}, False),
        ({"statuses": ()}, True),
        ({"statuses": (404, 200)}, True),
        ({"header": {"server": "acme/*"}}, True),
        ({"header": {"server": "acme"}}, False),
        ({"header": {"x-none": "?*"}}, False),
        ({"text": "a b"}, True),
        ({"text": "a"}, False),
        ({"contains": ("a", "b")}, True),
        ({"contains": ("a", "c")}, False),
        ({"json": {"kind": "list"}}, True),
        ({"json": {"kind": "table"}}, False),
        ({"json": {"items.*.owner": "me"}}, True),
        ({"json": {"items.*.name": "one"}}, False),
        ({"json": {"items.*.only": 1}}, False),
        ({"json": {"none.*.owner": "me"}}, False),
        ({"json": {"flag": True}}, True),
        ({"json": {"flag": 1}}, False),
        ({"has": ("kind", "items.*.name", "null")}, True),
        ({"has": ("items.*.only",)}, False),
        ({"has": ("none.*.owner",)}, False),
        ({"lacks": ("other", "none.*.owner", "kind.inner")}, True),
        ({"lacks": ("items.*.only",)}, False),
    ],
)
def test_what_a_probe_asks_for(probe: dict[str, Any], holds_: bool) -> None:
    items = [{"name": "one", "owner": "me", "only": 1}, {"name": "two", "owner": "me"}]
    tree = {"kind": "list", "items": items, "none": [], "flag": True, "null": None}
    answer = Reply(status=200, headers={"server": "acme/1"}, text=" a b\n", json=tree)
    assert holds(Probe(path="/", **probe), answer) is holds_


@pytest.mark.parametrize("tree", [None, "list", 5, True])
def test_fields_are_found_in_objects_and_lists_only(tree: Any) -> None:
    assert not holds(Probe(path="/", lacks=("x",)), Reply(status=200, json=tree))
    assert holds(Probe(path="/", lacks=("x",)), Reply(status=200, json=[]))


@pytest.mark.parametrize(
    ("path", "found", "whole"),
    [
        ("a", [1], True),
        ("b.*.c", [2], False),
        ("b.*", [{"c": 2}, {}], True),
        ("b", [[{"c": 2}, {}]], True),
        ("b.0", [], False),
        ("a.*", [], False),
        ("x", [], False),
        ("", [], False),
    ],
)
def test_values_at_a_path(path: str, found: list[Any], whole: bool) -> None:
    assert values_at({"a": 1, "b": [{"c": 2}, {}]}, path) == (found, whole)


def test_names_are_texts_on_one_line_each_once_and_not_too_many() -> None:
    assert names_at(["b", "a", "b", "", "x\ny", "\x1b[31m", 5, None, "n" * 257, "é"], "*") == ("b", "a", "é")
    assert len(names_at([str(number) for number in range(5000)], "*")) == 1000
    assert names_at("phi", "x") == ()


@pytest.mark.parametrize(
    ("value", "text"),
    [(" 1.2 ", "1.2"), ("", None), (None, None), (5, None), ("a\nb", None), ("x" * 81, None), ("x" * 80, "x" * 80)],
)
def test_a_version_is_a_short_text(value: Any, text: str | None) -> None:
    assert text_at({"version": value}, "version") == text


def test_the_same_page_everywhere_tells_nothing() -> None:
    same, other, missing = Reply(status=200, text="x"), Reply(status=200, text="y"), Reply(status=404, text="x")
    assert answers_all_alike({"/": same, "/a": same}, ["/", "/a"])
    assert not answers_all_alike({"/": same, "/a": other}, ["/", "/a"])
    assert not answers_all_alike({"/": missing, "/a": missing}, ["/", "/a"])
    assert not answers_all_alike({"/": same}, ["/", "/a"])
    assert not answers_all_alike({}, ["/", "/a"])


def test_the_first_row_that_fits_counts_and_the_last_rows_only_at_the_end() -> None:
    def row(provider: str, *, last: bool = False) -> Fingerprint:
        return Fingerprint(provider=provider, ways=((Probe(path="/"),),), checked="2026-11-20", source="x", last=last)

    book = Fingerprints(waves=(("/",),), other_services=(), server=(row("z", last=True), row("a"), row("b")))
    answers = {"/": Reply(status=200)}

    def who(match: Recognition | None) -> str | None:
        return match.row.provider if match else None

    assert who(recognise(book, answers)) == "a"
    assert who(recognise(book, answers, final=True)) == "z"
    assert who(recognise(msgspec.structs.replace(book, server=(row("z", last=True),)), answers)) is None
