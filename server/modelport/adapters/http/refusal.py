"""Reads a provider's error, in whatever shape it came, and decides what kind of failure it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from modelport.borders import json_bytes
from modelport.protocol.shapes import is_list, is_object
from modelport.protocol.types import ErrorKind

MAX_WORDS_CHARS = 8 * 1024
"""How much is read of what a provider says about an error."""
MAX_CODE_CHARS = 256


class Refusal(Struct, frozen=True):
    """The code and message of a provider's error, in whatever shape it came."""

    message: str
    code: str

    def mentions(self, *words: str) -> bool:
        """Whether one of the words (lower case) stands in the code or the message."""
        text = f"{self.code} {self.message}".lower()
        return any(word in text for word in words)

    @property
    def by_template(self) -> bool:
        """Whether the model's chat template refused the conversation."""
        return self.mentions(*TEMPLATE_WORDS)

    @property
    def status(self) -> int:
        """The HTTP status that the code or the message names; 0 for none."""
        named = [word for word in self.code.split() if re.fullmatch("[45][0-9][0-9]", word)]
        named += re.findall(r"(?i)\b(?:error|status)(?: code)?[ :=]+([45][0-9][0-9])\b", self.message)
        return int(named[0]) if named else 0


TEMPLATE_WORDS = (
    "jinja",
    "chat template",
    "chat_template",
    "templateerror",
    "raise_exception",
    "is not callable",
    "roles must alternate",
    "roles are supported",
    "system role not supported",
    "system message must be",
    "no user query found",
)
"""What a model's chat template says when it refuses a conversation; servers send it as a failure of their own.

Source: llama.cpp (minja), LM Studio, vLLM and the templates of Gemma, Mistral and Qwen.
"""
# Code or message words, the first rule that matches wins; statuses below narrow what is left.
_BY_WORDS: tuple[tuple[ErrorKind, tuple[str, ...]], ...] = (
    (
        "context_too_long",
        (
            "context_length_exceeded",
            "exceed_context_size",
            "context length",
            "context window",
            "context_window",
            "contextwindow",
            "context size",
            "context limit",
            "context exceeded",
            "context overflow",
            "context the overflows",
            "exceed context",
            "exceeds context",
            "exceed the context",
            "exceeds the context",
            "than the context",
            "maximum context",
            "prompt is too long",
            "prompt too long",
            "prompt_too_long",
            "too many tokens",
            "input is too long",
            "input too long",
            "exceeds the available context",
            "input tokens exceed",
            "input token count",
        ),
    ),
    (
        "quota_exhausted",
        (
            "insufficient_quota",
            "insufficient balance",
            "insufficient_balance",
            "exceeded your current quota",
            "credit balance",
            "out of credit",
            "out of funds",
            "insufficient credits",
            "billing_not_active",
            "payment_required",
            "arrearage",
        ),
    ),
    (
        "auth_rejected",
        (
            "invalid_api_key",
            "invalid api key",
            "incorrect api key",
            "api key not valid",
            "authentication_error",
            "invalid_authentication",
            "wrong api key",
            "invalid x-api-key",
            "authenticationerror",
            "no auth credentials",
            "credential is only authorized for use with",
            "oauth authentication is currently not supported",
            "unauthorized",
            "unauthenticated",
        ),
    ),
    # LM Studio answers 200 for a path that it does not have.
    ("invalid_response", ("unexpected endpoint or method",)),
    ("content_filtered", ("content_filter", "content_policy", "content management policy", "datainspectionfailed")),
    ("rate_limited", ("rate_limit", "rate limit", "ratelimit", "too many requests", "throttl", "resource_exhausted")),
    ("unsupported", TEMPLATE_WORDS),
    ("provider_unavailable", ("overloaded", "server_error", "internal_error", "api_error", "unavailable", "capacity")),
    (
        "model_not_found",
        (
            "model_not_found",
            "model not found",
            "unknown_model",
            "unknown model",
            "does not exist",
            "invalid model",
            "no such model",
            "try pulling it",
            "not a valid model",
            "model_not_supported",
            "supported api model names",
            "model identifier is invalid",
            "with on-demand throughput",
        ),
    ),
    ("unsupported", ("invalid_request", "invalid_parameter", "invalid_argument", "bad_request", "not supported")),
)
_BY_STATUS: Mapping[int, ErrorKind] = {
    401: "auth_rejected",
    402: "quota_exhausted",
    403: "forbidden",
    407: "network",
    408: "timeout",
    413: "context_too_long",
    424: "provider_unavailable",
    429: "rate_limited",
    503: "provider_unavailable",
}
# AWS has no 401: these come with 403.
_WRONG_AWS_CREDENTIALS = (
    "make sure your api key is valid",
    "bearer token has expired",
    "security token included in the request is",
    "request signature we calculated",
    "signature expired",
    "signature not yet current",
    "invalid api key format",
    "unrecognizedclientexception",
    "invalidsignatureexception",
    "incompletesignature",
    "expiredtoken",
    "invalidclienttokenid",
)
# A status that leaves no doubt, whatever words come with it.
_DECIDED = frozenset({401, 402, 403, 407, 408})


def read_refusal(error: Any) -> Refusal:
    """Finds the message and the code in the many shapes of an error."""
    try:
        return _read(error)
    except RecursionError:
        return Refusal("an error nested without end", "")


def _read(error: Any) -> Refusal:
    if isinstance(error, str):
        return _from_text(error)
    if is_list(error):
        return _read(error[0]) if error else Refusal("", "")
    return _from_object(error) if is_object(error) else Refusal(one_line(str(error)), "")


def _from_text(text: str) -> Refusal:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError):
        return Refusal(one_line(text), "")
    return _read(value) if is_object(value) or is_list(value) else Refusal(one_line(text), "")


def _from_object(error: dict[str, Any]) -> Refusal:
    metadata = error.get("metadata")
    if is_object(metadata) and metadata.get("raw"):
        # A gateway that only reports that its provider failed keeps the provider's own words here.
        found = _read(metadata["raw"])
        return Refusal(found.message, f"{_code(error)} {found.code}")
    for name in ("error", "errors", "detail", "base_resp"):
        inner = error.get(name)
        if (is_object(inner) or is_list(inner)) and inner:
            found = _read(inner)
            return found if found.code else Refusal(found.message, _code(error))
    for name in ("message", "Message", "msg", "error", "detail", "title", "status_msg", "error_description"):
        if value := error.get(name):
            # A proxy may keep the provider's error as a text.
            nested = is_object(value) or (isinstance(value, str) and value.lstrip().startswith("{"))
            found = _read(value) if nested else Refusal(one_line(str(value)), "")
            return Refusal(found.message, f"{_code(error)} {found.code}".strip())
    return Refusal(one_line(json_bytes(error).decode()), _code(error))


def page_words(text: str) -> str:
    """What a person would read on a web page."""
    visible = re.sub(r"(?is)<(script|style|head)\b.*?(</\1>|$)", " ", text) if "<body" in text.lower() else text
    return re.sub(r"<[^<>]*>", " ", visible)


def is_page(text: str) -> bool:
    """Whether the text is a web page."""
    start = text.lstrip("\ufeff \t\r\n")[:200].lower()
    return start.startswith(("<!doctype", "<html", "<head", "<body", "<?xml", "<title"))


def one_line(text: str) -> str:
    """The beginning of the text without line breaks, control characters and runs of spaces."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[:MAX_WORDS_CHARS]).split())


def _code(error: Mapping[str, Any]) -> str:
    names = ("code", "type", "__type", "error_type", "error_code", "status_code", "status")
    return " ".join(str(error[name])[:MAX_CODE_CHARS] for name in names if isinstance(error.get(name), str | int))


def kind_of(status: int, refusal: Refusal) -> ErrorKind:
    """The kind of failure, from the HTTP status where that is clear, else from the error's words."""
    if status == 403 and refusal.mentions(*_WRONG_AWS_CREDENTIALS):
        return "auth_rejected"
    if status in _DECIDED:
        return _BY_STATUS[status]
    if status >= 500 and status != 503:
        by_words = kind_by_words(refusal)
        if refusal.by_template:
            return "unsupported"
        return by_words if by_words in ("context_too_long", "content_filtered") else "provider_unavailable"
    if status == 429:
        # A quota that comes back by itself, as Gemini's of a minute, is a limit of the rate.
        spent = kind_by_words(refusal) == "quota_exhausted" and not refusal.mentions("retry in")
        return "quota_exhausted" if spent else "rate_limited"
    if status in (404, 410) and refusal.mentions("model"):
        return "model_not_found"
    if by_words := kind_by_words(refusal):
        return by_words
    return _BY_STATUS.get(status, "invalid_response" if status < 400 or status in (404, 405, 410) else "unsupported")


def kind_by_words(refusal: Refusal) -> ErrorKind | None:
    """The kind of failure by the error's own words, or None."""
    return next((kind for kind, words in _BY_WORDS if refusal.mentions(*words)), None)
