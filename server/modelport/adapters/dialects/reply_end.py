"""Reads one reply of a provider, and decides at its end whether it was an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modelport.adapters.dialects.reply import Framing, read_reply
from modelport.adapters.dialects.wire_format import Decoder
from modelport.adapters.http import failures
from modelport.adapters.http.idle_timeout import IdleTimeout
from modelport.adapters.wire.errors import EventTooLong, NotUnderstood, ProviderRefused
from modelport.adapters.wire.json_values import find_error
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.timeouts import gap_timeout_s
from modelport.domain.errors import RequestFailed

if TYPE_CHECKING:
    import httpx2


async def read_answer(
    call: ModelCall, response: httpx2.Response, idle: IdleTimeout, framing: Framing, decoder: Decoder, answer: Answer
) -> None:
    """Reads a reply into the answer.

    Raises:
        RequestFailed: it was no answer, or none to its end.
    """
    head = b""
    try:
        idle.gap_s = gap_timeout_s(call)
        head = await read_reply(response, idle, framing, decoder, answer)
    except Exception as error:
        failure = _failure(call, error, answer)
        if isinstance(failure, RequestFailed) and failure.kind == "content_filtered" and answer.begun:
            answer.finish("contentFilter")
            return
        if not _is_behind_the_end(error, decoder, answer):
            raise failure from error
    _check_end(call, decoder, answer, head)


def _is_behind_the_end(error: Exception, decoder: Decoder, answer: Answer) -> bool:
    """Whether the answer was whole before something went wrong, so that it does no harm.

    Behind a limit an error may be the reason for it.
    """
    if not decoder.complete or answer.failure:
        return False
    whole = answer.begun and answer.finish_reason in ("stop", "toolCalls")
    return failures.is_cut(error) or (whole and isinstance(error, ProviderRefused | NotUnderstood | EventTooLong))


def _failure(call: ModelCall, error: Exception, answer: Answer) -> Exception:
    """The failure for what a reply ended with."""
    endpoint, model, begun = call.endpoint, call.model, answer.begun
    match error:
        case ProviderRefused():
            return failures.refused_inside(endpoint, model, error.error)
        case NotUnderstood():
            return failures.not_understood(endpoint, model, error.data, str(error), begun=begun)
        case EventTooLong():
            return failures.not_understood(endpoint, model, b"", str(error), begun=begun)
        case _:
            return failures.translate(endpoint, model, error, begun=begun)


def _check_end(call: ModelCall, decoder: Decoder, answer: Answer, head: bytes) -> None:
    """Fails a reply that ended without an answer, with the provider's own reason where it gave one.

    An answer may be empty where the model has given a reason to stop, or has made tokens that are not shown.
    """
    endpoint, model = call.endpoint, call.model
    error = None if answer.begun else find_error(head)
    if answer.failure:
        raise failures.refused_inside(endpoint, model, error or answer.failure)
    if decoder.complete and answer.finish_reason is None:
        answer.finish("other")
    counted = answer.counts is not None and answer.counts.output > 0
    empty = not answer.begun and answer.finish_reason == "other" and not (counted or answer.accepted)
    if not decoder.complete or empty:
        if error:
            raise failures.refused_inside(endpoint, model, error)
        raise failures.empty(endpoint, model) if empty else failures.interrupted(endpoint, model, begun=answer.begun)
