"""Paths behind and beside a base URL, and reading JSON."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.adapters.operations.replies import at, count_at, google_path, objects, placed, read
from modelport.adapters.wire.errors import NotUnderstood, ProviderRefused
from support.builders import endpoint, row


@pytest.mark.parametrize(
    ("base_url", "path", "found"),
    [
        ("https://x.example/v1", "/embeddings", ("https://x.example/v1", "/embeddings")),
        ("https://x.example/v1", "/../tokenize", ("https://x.example", "/tokenize")),
        ("https://x.example:8080/a/v1", "/../b", ("https://x.example:8080/a", "/b")),
        ("https://x.example/a/v1", "/../../b/c", ("https://x.example", "/b/c")),
        ("http://127.0.0.1:9", "/../../b", ("http://127.0.0.1:9", "/b")),
        ("https://x.example/v1", "/b/../c", ("https://x.example/v1", "/b/../c")),
    ],
)
def test_a_path_stays_on_its_host(base_url: str, path: str, found: tuple[str, str]) -> None:
    assert placed(base_url, path) == found


def test_methods_of_googles_stand_beside_the_one_that_answers() -> None:
    assert google_path(endpoint(row()), "models/m", "countTokens") == "/v1beta/models/m:countTokens"
    own = endpoint(row(), chat_path="/v1/projects/p/models/{model}:streamGenerateContent?alt=sse")
    assert google_path(own, "tuned/m", "predict") == "/v1/projects/p/models/tuned%2Fm:predict"


def test_objects_errors_and_the_rest() -> None:
    assert read(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
    assert read(b'[{"a": 1}]') == {"a": 1}
    for body in (b'{"error": "no"}', b'[{"error": {"code": 400}}]'):
        with pytest.raises(ProviderRefused):
            read(body)
    for body in (b"[]", b"[1, 2]", b'"text"', b"{", b""):
        with pytest.raises(NotUnderstood):
            read(body)


@pytest.mark.parametrize(
    ("value", "count"), [(5, 5), (5.0, 5), (0, 0), (-1, None), ("5", None), (True, None), (None, None), ([], None)]
)
def test_counts(value: Any, count: int | None) -> None:
    assert count_at({"a": {"b": value}}, "a.b") == count


def test_dotted_paths_and_lists() -> None:
    assert at({"a": {"b": {"c": 1}}}, "a.b.c") == 1
    assert at({"a": []}, "a.b.c") is None
    assert objects([{"a": 1}, 2, None]) == [{"a": 1}]
    assert objects({"a": 1}) == []
