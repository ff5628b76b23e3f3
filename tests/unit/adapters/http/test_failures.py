"""The message of a failure: one sentence with a way out, and never a key."""

from __future__ import annotations

import json
import socket
import ssl
import time
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.http import failures
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.connection import Endpoint
from support.builders import CANARY, credential, endpoint, row

HEADER_CANARY = "header-canary-98765"
ROW = row(key_url="https://acme.example/keys")
STARTED = row(connection_type="local", start_command="serve it")
PLACE = endpoint(ROW, headers={"X-Team": HEADER_CANARY})


def refused(status: int, body: Any, place: Endpoint = PLACE, **headers: str) -> RequestFailed:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return failures.refused(place, "some-model", status, httpx2.Headers(headers), text)


def is_a_sentence(error: RequestFailed) -> bool:
    message = error.message
    return message[0].isupper() and message.endswith((".", "?")) and "\n" not in message and len(message) < 800


@pytest.mark.parametrize(
    ("status", "body", "kind", "advice"),
    [
        (401, {"error": {"message": "bad key"}}, "auth_rejected", "make one at https://acme.example/keys"),
        (403, {"error": {"message": "no"}}, "forbidden", "check what the account may use"),
        (402, {"error": {"message": "pay"}}, "quota_exhausted", "top it up"),
        (429, {"error": {"message": "slow down"}}, "rate_limited", "try again later"),
        (404, {"error": {"message": "model not found"}}, "model_not_found", "does not serve some-model"),
        (404, {"detail": "Not Found"}, "invalid_response", "check the base URL"),
        (413, {"error": {"message": "big"}}, "context_too_long", "shorten it"),
        (400, {"error": {"code": "content_filter", "message": "x"}}, "content_filtered", "change the input"),
        (503, {"error": {"message": "down"}}, "provider_unavailable", "try again later"),
        (408, {"error": {"message": "late"}}, "timeout", "try again"),
        (407, b"Proxy Authentication Required", "network", "check its settings"),
        (400, {"error": {"message": "odd field"}}, "unsupported", "change the request"),
    ],
)
def test_a_refusal_has_advice(status: int, body: Any, kind: str, advice: str) -> None:
    error = refused(status, body)
    assert error.kind == kind
    assert advice in error.message
    assert is_a_sentence(error)
    assert error.action
    assert (error.provider, error.model, error.http_status) == ("acme", "some-model", status)


def test_the_providers_own_words_are_quoted() -> None:
    assert "(400: odd field)" in refused(400, {"error": {"message": "odd field."}}).message


def test_long_words_are_cut() -> None:
    message = refused(400, {"error": {"message": "blah " * 1000}}).message
    assert len(message) < 500
    assert "…" in message


def test_a_wrong_key_is_reported_with_its_source() -> None:
    assert "the key from ACME_API_KEY" in refused(401, {}).message
    stored = credential(source="keyring", location="modelport/acme")
    assert "the key in the keyring at modelport/acme" in refused(401, {}, endpoint(ROW, credential=stored)).message
    given_ = credential(source="session", location=None)
    assert "the key given for this session" in refused(401, {}, endpoint(ROW, credential=given_)).message


def test_without_a_key_a_401_names_the_ways_to_set_one() -> None:
    error = refused(401, {"error": {"message": "no key"}}, endpoint(ROW, credential=credential(None)))
    assert error.kind == "auth_required"
    assert "set ACME_API_KEY" in error.message
    assert "modelport keys set acme" in error.message


def test_after_a_401_a_withheld_key_is_not_said_to_be_missing() -> None:
    kept = endpoint(ROW, credential=credential(None), key_withheld="the key is not sent there: set X if it is yours")
    error = refused(401, {"error": {"message": "no key"}}, kept)
    assert error.message == "Acme needs a key (401: no key): the key is not sent there: set X if it is yours."


def test_where_only_one_way_leads_to_a_key_no_other_is_hinted_at() -> None:
    own = row("own", api_key_env_vars=())
    error = refused(401, {"error": {"message": "revoked"}}, endpoint(own, credential=credential(None)))
    assert ": store one with modelport keys set own" in error.message
    assert " or store" not in error.message


SIGNED = row("cloud", auth="sigv4", requires_api_key=False)
"""A provider with a log-in that signs, so that no key is ever seen."""


def test_credentials_that_sign_are_refused_and_not_missing() -> None:
    kept = credential(None, source="file", location="~/.cloud/credentials")
    error = refused(403, {"message": "The security token included in the request is expired"}, endpoint(SIGNED, credential=kept))  # fmt: skip
    assert error.kind == "auth_rejected"
    assert "refused the credentials from ~/.cloud/credentials" in error.message
    assert "renew them, set CLOUD_API_KEY, or store one with modelport keys set cloud" in error.message
    unknown = refused(403, {"message": "Signature expired: x"}, endpoint(SIGNED, credential=credential(None)))
    assert "refused the credentials (403" in unknown.message


@pytest.mark.parametrize(
    ("settings", "command"), [({}, "aws sso login"), ({"AWS_PROFILE": "work"}, "aws sso login --profile work")]
)
def test_credentials_that_have_expired_name_the_command_that_renews_them(
    settings: dict[str, str], command: str
) -> None:
    signed = row("cloud", auth="sigv4", requires_api_key=False, renew_command="aws sso login")
    place = endpoint(signed, credential=credential(None), settings=settings)
    error = refused(403, {"message": "The security token included in the request is expired"}, place)
    assert f"renew them with {command}, " in error.message


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize(
    "words",
    [
        "This credential is only authorized for use with Claude Code and cannot be used for other API requests.",
        "OAuth authentication is currently not supported.",
    ],
)
def test_a_token_of_a_subscription_that_is_refused_says_what_to_use_instead(status: int, words: str) -> None:
    vendor = row("vendor", subscription_prefix="sk-sub-", key_url="https://vendor.example/keys")
    place = endpoint(vendor, credential=credential("sk-sub-0123456789abcdef"))
    error = refused(status, {"error": {"type": "invalid_request_error", "message": words}}, place)
    assert error.kind == "auth_rejected"
    assert words.rstrip(".") in error.message
    assert "takes the token of a subscription from its own programs only" in error.message
    assert "https://vendor.example/keys" in error.message


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("UnrecognizedClientException", "auth_rejected"),
        ("InvalidSignatureException:http://internal.example/coral/", "auth_rejected"),
        ("ExpiredTokenException", "auth_rejected"),
        ("AccessDeniedException:http://internal.example/coral/", "forbidden"),
    ],
)
def test_the_name_of_an_error_may_stand_in_a_header(name: str, kind: str) -> None:
    assert refused(403, {"message": "No."}, **{"x-amzn-errortype": name}).kind == kind


def test_the_wait_is_in_the_sentence_and_in_the_error() -> None:
    error = refused(429, {"error": {"message": "x"}}, **{"retry-after": "7"})
    assert error.retry_after_ms == 7000
    assert "try again in 7 s" in error.message
    assert error.retryable


@pytest.mark.parametrize("name", ["x-request-id", "request-id", "X-Request-Id", "x-amzn-RequestId"])
def test_the_providers_request_id_is_kept(name: str) -> None:
    assert refused(500, {}, **{name: "req_1"}).request_id == "req_1"


@pytest.mark.parametrize("status", [200, 302, 404, 500, 502])
def test_a_page_is_reported_as_a_page(status: int) -> None:
    page = b"<!DOCTYPE html><html><head><title>T</title><style>x{}</style></head><body><h1>Corporate Gateway</h1><script>no()</script></body></html>"
    error = refused(status, page)
    assert error.kind == "invalid_response"
    assert "Corporate Gateway" in error.message
    assert "no()" not in error.message
    assert "https://acme.example/v1" in error.message
    assert error.http_status == status
    # A gateway in trouble may recover; a page at a wrong address will not go away.
    assert error.retryable is (status >= 500)
    assert is_a_sentence(error)


@pytest.mark.parametrize(
    ("status", "kind"), [(401, "auth_rejected"), (403, "forbidden"), (407, "network"), (429, "rate_limited")]
)
def test_a_page_with_a_clear_status_has_the_kind_of_the_status(status: int, kind: str) -> None:
    assert refused(status, b"<html><body>Denied</body></html>").kind == kind


@pytest.mark.parametrize("page", ["<html><body" + "<" * 64_000, "<html><body>" + "<script>" * 8000, "<html><body>" + "<style " * 9000])  # fmt: skip
def test_a_page_made_to_be_slow_costs_little_more_than_another_of_its_size(page: str) -> None:
    # It is read on the event loop, between the deltas of every other stream.
    plain = "<html><body>" + "a word, " * (len(page) // 8)
    assert cpu(page) < 20 * cpu(plain)


def cpu(page: str) -> float:
    """The CPU seconds that reading a page takes, the least of three times."""
    times = []
    for _ in range(3):
        began = time.process_time()
        refused(502, page.encode())
        times.append(time.process_time() - began)
    return min(times)


def test_an_idle_timeout_names_its_length_and_how_to_allow_more() -> None:
    error = failures.timed_out(PLACE, "some-model", 30.0)
    assert (error.kind, error.retryable) == ("timeout", True)
    assert "30 s" in error.message
    assert "timeoutMs" in error.message


@pytest.mark.parametrize(("begun", "words"), [(True, "in the middle"), (False, "without an answer")])
def test_an_interruption_depends_on_whether_the_answer_had_begun(begun: bool, words: str) -> None:
    error = failures.interrupted(PLACE, "some-model", begun=begun)
    assert (error.kind, error.retryable) == ("stream_interrupted", True)
    assert words in error.message


def caused(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


HANDSHAKE = ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number")
HANDSHAKE.reason = "WRONG_VERSION_NUMBER"


@pytest.mark.parametrize(
    ("error", "place", "kind", "words"),
    [
        (httpx2.ConnectError("x"), PLACE, "network", "cannot be reached"),
        (httpx2.ConnectError("x"), endpoint(ROW, base_url="http://127.0.0.1:9"), "network", "is it running?"),
        (httpx2.ConnectError("x"), endpoint(row(connection_type="local")), "network", "is it running?"),
        (
            httpx2.ConnectError("x"),
            endpoint(STARTED, base_url="http://127.0.0.1:9"),
            "network",
            'Start it with "serve it".',
        ),
        (httpx2.ConnectTimeout("x"), PLACE, "timeout", "in time"),
        (caused(httpx2.ConnectError("x"), socket.gaierror(-2, "x")), PLACE, "network", "has no address"),
        (caused(httpx2.ConnectError("x"), HANDSHAKE), PLACE, "tls", "WRONG_VERSION_NUMBER"),
        (caused(OSError("x"), BaseExceptionGroup("g", [HANDSHAKE])), PLACE, "tls", "WRONG_VERSION_NUMBER"),
    ],
)
def test_ways_not_to_be_reached(error: BaseException, place: Endpoint, kind: str, words: str) -> None:
    failure = failures.unreachable(place, "some-model", error)
    assert failure.kind == kind
    assert words in failure.message
    assert place.base_url in failure.message
    assert is_a_sentence(failure)


def test_an_expired_certificate_is_named() -> None:
    error = ssl.SSLCertVerificationError(1, "x")
    error.verify_message = "certificate has expired"
    assert "certificate has expired" in failures.unreachable(PLACE, "m", error).message


def test_a_cause_that_leads_to_itself_is_no_endless_loop() -> None:
    error = httpx2.ConnectError("x")
    error.__context__ = caused(OSError("y"), error)
    assert failures.unreachable(PLACE, "m", error).kind == "network"


@pytest.mark.parametrize(
    ("error", "kind", "status"),
    [
        ({"message": "slow down", "code": 429}, "rate_limited", 429),
        ({"message": "slow down", "code": "429"}, "rate_limited", 429),
        ({"message": "overloaded"}, "provider_unavailable", None),
        ({"message": "something", "code": 7}, "provider_unavailable", None),
        ({"message": "something", "code": 399}, "provider_unavailable", None),
        ({"message": "something", "code": 400}, "unsupported", 400),
        ({"message": "something", "code": 599}, "provider_unavailable", 599),
        ({"message": "something", "code": 600}, "provider_unavailable", None),
        (b'{"error":{"message":"no such model","code":"model_not_found"}}', "model_not_found", None),
        ("insufficient_quota", "quota_exhausted", None),
    ],
)
def test_an_error_inside_a_good_status(error: Any, kind: str, status: int | None) -> None:
    failure = failures.refused_inside(PLACE, "some-model", error)
    assert (failure.kind, failure.http_status) == (kind, status)
    assert is_a_sentence(failure)


def test_what_is_not_understood_shows_how_it_begins() -> None:
    error = failures.not_understood(PLACE, "some-model", b"hello " * 1000, "no JSON")
    assert error.kind == "invalid_response"
    assert "hello hello" in error.message
    assert len(error.message) < 500
    assert failures.not_understood(PLACE, "m", b"<html><body>Gate</body></html>", "x").http_status == 200


# No key, whatever the provider repeats.

ECHO = st.sampled_from([CANARY, HEADER_CANARY])


@given(ECHO, st.sampled_from([400, 401, 403, 404, 429, 500]), st.text(max_size=20), st.text(max_size=20))
@pytest.mark.parametrize(
    "shape",
    [
        lambda text: {"error": {"message": text}},
        lambda text: {"error": {"message": "no", "code": text}},
        lambda text: {"detail": [{"msg": text}]},
        lambda text: {"headers": {"authorization": text}},
        lambda text: text,
        lambda text: ("<html><body>" + text + "</body></html>").encode(),
        lambda text: text.encode("utf-8", "replace"),
    ],
)
def test_no_refusal_repeats_a_key(shape: Any, secret: str, status: int, before: str, after: str) -> None:
    error = refused(status, shape(f"{before} {secret} {after}"))
    assert secret not in error.message
    assert "\n" not in error.message
    assert secret not in str(error.data())


@pytest.mark.parametrize("secret", [CANARY, HEADER_CANARY])
def test_no_other_failure_repeats_a_key(secret: str) -> None:
    for error in (
        failures.refused_inside(PLACE, "m", {"message": f"bad key {secret}"}),
        failures.not_understood(PLACE, "m", f"echo {secret}".encode(), "x"),
        failures.not_understood(PLACE, "m", f"<html><body>{secret}</body></html>".encode(), "x"),
        failures.unreachable(PLACE, "m", httpx2.ConnectError(f"cannot send {secret}")),
    ):
        assert secret not in error.message


def test_a_request_id_that_repeats_a_key_is_not_kept() -> None:
    assert CANARY not in str(refused(500, {}, **{"x-request-id": f"id-{CANARY}"}).data())


@pytest.mark.parametrize(
    ("error", "may_repeat"),
    [
        (ConnectionRefusedError(111, "refused"), False),
        (ConnectionResetError(104, "reset"), True),
        (socket.gaierror(-3, "Temporary failure in name resolution"), True),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), True),
        (ssl.SSLCertVerificationError(1, "certificate verify failed"), False),
    ],
)
def test_the_same_request_may_be_repeated_where_the_connection_broke_and_not_where_it_was_turned_down(
    error: Exception, may_repeat: bool
) -> None:
    try:
        raise httpx2.ConnectError("no connection") from error
    except httpx2.ConnectError as raised:
        failure = failures.unreachable(PLACE, "m", raised)
    assert failure.may_repeat is may_repeat


@pytest.mark.parametrize(("value", "may_repeat"), [("false", False), ("true", True), ("", True)])
def test_a_provider_may_say_that_it_is_not_to_be_asked_again(value: str, may_repeat: bool) -> None:
    assert refused(503, {"error": "down"}, **{"x-should-retry": value}).may_repeat is may_repeat


def test_a_row_decides_how_its_reset_headers_are_read() -> None:
    headers = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "500"}
    azure = endpoint(row(wire={"rate_limit_reset": "milliseconds"}))
    assert refused(429, {}, azure, **headers).retry_after_ms == 500
    assert refused(429, {}, **headers).retry_after_ms == 500_000
