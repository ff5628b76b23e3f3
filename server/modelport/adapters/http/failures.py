"""Translates a provider's refusal or a broken connection into the contract's errors.

Each is translated once, and raised with its cause. The provider's sentence is kept: on one line, cut, without keys.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Mapping
from typing import Any

from modelport.adapters.http.causes import causes_of, is_passing
from modelport.adapters.http.refusal import (
    Refusal,
    is_page,
    kind_by_words,
    kind_of,
    one_line,
    page_words,
    read_refusal,
)
from modelport.adapters.http.retry_after import retry_after_ms
from modelport.adapters.http.wrong_protocol import needs_tls, wrong_protocol
from modelport.domain.errors import RequestFailed
from modelport.domain.loopback import is_loopback
from modelport.domain.providers.base_urls import version_hint
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.key_advice import get_key, has_credential, is_subscription, key_words
from modelport.protocol.types import ErrorKind

MAX_QUOTE_CHARS = 300
REQUEST_IDS = ("x-request-id", "request-id", "x-amzn-requestid")


def refused(endpoint: Endpoint, model: str, status: int, headers: Mapping[str, str], body: bytes) -> RequestFailed:
    """The failure for an HTTP status other than success."""
    text = body.decode("utf-8", "replace")
    if wrong := needs_tls(endpoint, model, status, text):
        return wrong
    if is_page(text) and status not in (401, 403, 407, 429):
        return page_instead(endpoint, model, status, text)
    refusal = read_refusal(page_words(text) if is_page(text) else text)
    # AWS sends the name of an error in a header, before a colon and the address of its description.
    named = headers.get("x-amzn-errortype", "").partition(":")[0]
    refusal = Refusal(refusal.message, f"{refusal.code} {named}")
    kind = kind_of(status, refusal)
    if kind == "auth_rejected" and not has_credential(endpoint):
        kind = "auth_required"
    if kind == "forbidden" and is_subscription(endpoint):
        kind = "auth_rejected"
    wait = retry_after_ms(
        headers, refusal.message, time.time(), body=text, reset=endpoint.provider.wire.rate_limit_reset
    )
    request_id = next((headers[name] for name in REQUEST_IDS if headers.get(name)), None)
    failure = _failure(endpoint, model, kind, refusal, status, wait, request_id and clean(endpoint, request_id))
    failure.may_repeat = headers.get("x-should-retry", "").strip().casefold() != "false"
    return failure


def refused_inside(endpoint: Endpoint, model: str, error: bytes | Any) -> RequestFailed:
    """The failure for an error that came inside HTTP 200."""
    text = error.decode("utf-8", "replace") if isinstance(error, bytes) else ""
    refusal = read_refusal(text or error)
    status = refusal.status
    kind = kind_of(status, refusal) if status else kind_by_words(refusal) or "provider_unavailable"
    wait = retry_after_ms({}, refusal.message, time.time(), body=text)
    return _failure(endpoint, model, kind, refusal, status or None, wait, None)


def page_instead(endpoint: Endpoint, model: str, status: int, text: str) -> RequestFailed:
    """The failure for an HTML page where an answer was promised: a proxy, a log-in page, a wrong address."""
    words = clean(endpoint, page_words(text))[:120]
    return RequestFailed(
        "invalid_response",
        f'{endpoint.provider.display_name} answered {status} with a web page ("{words}"): a proxy or a wrong '
        f"address is in the way; check {endpoint.base_url}.",
        provider=endpoint.provider.id,
        model=model,
        http_status=status,
        retryable=status >= 500,
        action="check the base URL and the proxy",
    )


def not_understood(endpoint: Endpoint, model: str, body: bytes, why: str, *, begun: bool = False) -> RequestFailed:
    """The failure for an answer that is not what the wire format promises."""
    text = body[:4000].decode("utf-8", "replace")
    if is_page(text):
        return page_instead(endpoint, model, 200, text)
    if not text.startswith(("{", "[{")) and kind_by_words(read_refusal(text)):
        return refused_inside(endpoint, model, body)
    quote = f'{why}: "{words}"' if (words := clean(endpoint, text)[:120]) else why
    name = endpoint.provider.display_name
    if begun:
        sentence = f"{name} broke off its answer with something that is not {endpoint.dialect} ({quote}): try again."
        action = "try again"
    else:
        sentence = f"{name} answered with something that is not {endpoint.dialect} ({quote}): check that "
        sentence += f"{endpoint.base_url} speaks it."
        action = "check the base URL and the dialect"
    return RequestFailed(
        "invalid_response", sentence, provider=endpoint.provider.id, model=model, retryable=begun, action=action
    )


def hung_up(endpoint: Endpoint, model: str) -> RequestFailed:
    """The failure for a connection that was accepted and then closed without a reply."""
    return RequestFailed(
        "network",
        f"{endpoint.provider.display_name} at {endpoint.base_url} took the request and closed the connection: "
        "try again, and look at its log if it is yours.",
        provider=endpoint.provider.id,
        model=model,
        action="try again",
    )


def unreachable(endpoint: Endpoint, model: str, error: BaseException) -> RequestFailed:
    """The failure for a request that got no answer: TLS, name lookup, refused and timed-out are told apart."""
    row, url, causes = endpoint.provider, endpoint.base_url, list(causes_of(error))
    kind: ErrorKind = "network"
    action = "check the address and the network"
    may_repeat = is_passing(causes)
    if proxy := next((cause for cause in causes if type(cause).__name__ == "ProxyError"), None):
        action, why = "check the proxy", f"The proxy {proxy}, so {row.display_name} cannot be reached: check the proxy"
    elif any(isinstance(cause, ssl.SSLError) for cause in causes):
        kind, action = "tls", "check the certificate, or the clock"
        reason = next(filter(None, (getattr(c, n, "") for c in causes for n in ("verify_message", "reason"))), "")
        why = (
            f"{row.display_name} at {url} made no secure connection ({reason or 'no handshake'}): check its certificate"
        )
    elif any(isinstance(cause, socket.gaierror) for cause in causes):
        why = f"{row.display_name}'s host in {url} has no address: check the name, the network or the proxy"
    elif any(type(cause).__name__ == "ConnectTimeout" for cause in causes):
        kind, why = "timeout", f"{row.display_name} at {url} took no connection in time: check the network or the proxy"
    elif row.connection_type == "local" or is_loopback(url):
        action = "start the server"
        how = f' Start it with "{row.start_command}".' if row.start_command and is_loopback(url) else ""
        why = f"{row.display_name} cannot be reached at {url}: is it running?{how}"
        return RequestFailed(kind, why, provider=row.id, model=model, action=action, may_repeat=may_repeat)
    else:
        why = f"{row.display_name} cannot be reached at {url}: check the network or the proxy"
    return RequestFailed(kind, why + ".", provider=row.id, model=model, action=action, may_repeat=may_repeat)


def interrupted(endpoint: Endpoint, model: str, *, begun: bool) -> RequestFailed:
    """The failure for an answer that broke off."""
    what = "broke off in the middle of the answer" if begun else "closed the connection without an answer"
    return RequestFailed(
        "stream_interrupted",
        f"{endpoint.provider.display_name} {what}: try again.",
        provider=endpoint.provider.id,
        model=model,
        action="try again",
    )


def empty(endpoint: Endpoint, model: str) -> RequestFailed:
    """The failure for an answer that came to its end without a text, a call or a reason."""
    return RequestFailed(
        "provider_unavailable",
        f"{endpoint.provider.display_name} ended without a text, a tool call or a reason: try again, or name another "
        "model.",
        provider=endpoint.provider.id,
        model=model,
        action="try again",
    )


def timed_out(endpoint: Endpoint, model: str, seconds: float) -> RequestFailed:
    """The failure for a provider that has sent nothing for too long."""
    return RequestFailed(
        "timeout",
        f"{endpoint.provider.display_name} sent nothing for {seconds:g} s: try again, or allow more with timeoutMs "
        "in provider/connect or timeout_s in config.toml.",
        provider=endpoint.provider.id,
        model=model,
        action="try again",
    )


def clean(endpoint: Endpoint, text: str) -> str:
    """A provider's words, fit to be shown: one line, cut to length, without keys."""
    text = one_line(endpoint.redact(text))
    return text if len(text) <= MAX_QUOTE_CHARS else text[: MAX_QUOTE_CHARS - 1] + "…"


def is_cut(error: Exception) -> bool:
    """Whether the connection broke, which does no harm behind the end of an answer."""
    import httpx2

    return isinstance(error, httpx2.TransportError)


def translate(endpoint: Endpoint, model: str, error: Exception, *, begun: bool | None = None) -> Exception:
    """The contract's failure for an exception of the HTTP layer; our own failures pass through.

    ``begun`` is None before the reply, then whether the answer had begun.
    """
    import httpx2

    if isinstance(error, httpx2.TransportError | OSError):
        if begun is not None:
            return interrupted(endpoint, model, begun=begun)
        if not isinstance(error, httpx2.ProxyError) and (wrong := wrong_protocol(endpoint, model, error)):
            return wrong
        if isinstance(error, httpx2.RemoteProtocolError | httpx2.ReadError | httpx2.WriteError):
            return hung_up(endpoint, model)
        return unreachable(endpoint, model, error)
    if isinstance(
        error, httpx2.InvalidURL | httpx2.UnsupportedProtocol | UnicodeError | OverflowError | httpx2.DecodingError
    ):
        return not_understood(endpoint, model, b"", str(error))
    return error


def _failure(
    endpoint: Endpoint,
    model: str,
    kind: ErrorKind,
    refusal: Refusal,
    status: int | None,
    wait: int | None,
    request_id: str | None,
) -> RequestFailed:
    row = endpoint.provider
    message = clean(endpoint, refusal.message).rstrip(".! ")
    # Where nothing was found, the address is half of the reason.
    at = f" at {endpoint.base_url}" if status == 404 and kind != "invalid_response" else ""
    quote = f" ({status or 'error'}{at}: {message})" if message else f" ({status}{at})" if status else ""
    sentence, action = _ADVICE.get(
        kind, ("{name} refused the request{quote}: change the request.", "change the request")
    )
    if kind == "unsupported" and refusal.by_template:
        sentence = "{name}'s chat template for {model} refused the messages{quote}: change them, or name another model."
        action = "change the messages or the model"
    if kind == "invalid_response":
        hint = version_hint(endpoint.base_url, endpoint.dialect)
        sentence = (
            f"{{name}} serves nothing for this at {{url}}{{quote}}: check the base URL{hint} and the model's name."
        )
        action = "check the base URL and the model"
    return RequestFailed(
        kind,
        sentence.format(
            name=row.display_name,
            quote=quote,
            model=model,
            url=endpoint.base_url,
            key=key_words(endpoint),
            get_key=get_key(endpoint),
            wait=f"in {wait / 1000:g} s" if wait else "later",
        ),
        provider=row.id,
        model=model,
        http_status=status,
        retry_after_ms=wait,
        request_id=request_id,
        action=action,
    )


_ADVICE: Mapping[ErrorKind, tuple[str, str]] = {
    "auth_rejected": ("{name} refused {key}{quote}: {get_key}.", "give another key"),
    "auth_required": ("{name} needs a key{quote}: {get_key}.", "give a key"),
    "forbidden": ("{name} does not let {key} do this{quote}: check what the account may use.", "check the account"),
    "quota_exhausted": (
        "{name}'s account has no credit or quota left{quote}: top it up, or use another provider.",
        "top up the account",
    ),
    "rate_limited": ("{name} is limiting the rate of {key}{quote}: try again {wait}.", "try again later"),
    "model_not_found": ("{name} does not serve {model}{quote}: name another model.", "name another model"),
    "context_too_long": ("The input does not fit the context of {model}{quote}: shorten it.", "shorten the input"),
    "content_filtered": ("{name} refused the content{quote}: change the input.", "change the input"),
    "provider_unavailable": ("{name} failed on its side{quote}: try again {wait}.", "try again later"),
    "timeout": ("{name} gave up waiting{quote}: try again.", "try again"),
    "network": ("The proxy in front of {name} refused the request{quote}: check its settings.", "check the proxy"),
}
