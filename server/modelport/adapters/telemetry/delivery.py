"""Sends one OTLP request to a collector and reads what became of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import anyio
import msgspec
from msgspec import Struct

from modelport.adapters.http.bodies import read_capped
from modelport.adapters.http.pool import HttpPool
from modelport.adapters.http.refusal import one_line
from modelport.adapters.http.retry_after import retry_after_ms
from modelport.adapters.telemetry.protobuf import encoded, partial_success
from modelport.borders import json_bytes
from modelport.domain.redaction import redact
from modelport.domain.telemetry.destination import Destination, Signal
from modelport.protocol.secret import Secret, SecretValues
from modelport.protocol.shapes import is_object

if TYPE_CHECKING:
    import httpx2

TIMEOUT_S = 10.0
"""For one request, to the end of its answer. Source: OTEL_EXPORTER_OTLP_TIMEOUT's default."""
JSON, BINARY = "application/json", "application/x-protobuf"
MESSAGES: Mapping[Signal, str] = {"traces": "ExportTraceServiceRequest", "metrics": "ExportMetricsServiceRequest"}
UNSUPPORTED_FORM = 415
MAX_ANSWER_BYTES = 64 * 1024
MAX_QUOTE_CHARS = 200
RETRYABLE = frozenset({429, 502, 503, 504})
"""Source: OTLP specification, retryable response codes."""


class Delivered(Struct, frozen=True, kw_only=True):
    """The outcome of a request."""

    accepted: bool
    retry: bool = False
    """Whether the same request may be accepted later."""
    wait_s: float | None = None
    """How long the collector wants to be left alone; None where it does not say."""
    rejected: int = 0
    """How many spans or points of an accepted request the collector has dropped."""
    unauthorized: bool = False
    problem: str | None = None
    """What is wrong, as a sentence."""


class Delivery:
    """Requests to collectors over a pool of its own loop."""

    def __init__(self, pool: HttpPool) -> None:
        self._pool = pool
        self._binary: set[str] = set()
        """The addresses that take no JSON."""

    async def post(self, destination: Destination, signal: Signal, document: dict[str, Any]) -> Delivered:
        """Sends a request in JSON, and in protobuf's binary form to a collector that refuses JSON as such (415).

        Raises nothing but cancellation: no collector spoils anything.
        """
        shown = destination.shown
        try:
            with anyio.fail_after(TIMEOUT_S):
                return await self._in_its_form(destination, signal, document)
        except TimeoutError:
            why = f"The collector at {shown} did not answer within {TIMEOUT_S:g} s: check that it runs."
        except Exception as error:  # noqa: BLE001  whatever is wrong with the network or the answer, calls go on
            why = f"The collector at {shown} cannot be reached ({type(error).__name__}): check that it runs."
        return Delivered(accepted=False, retry=True, problem=why)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._pool.aclose()

    async def _in_its_form(self, destination: Destination, signal: Signal, document: dict[str, Any]) -> Delivered:
        url = destination.urls[signal]
        if url not in self._binary:
            delivered = await self._post(destination, signal, json_bytes(document), JSON)
            if delivered is not None:
                return delivered
            self._binary.add(url)
        delivered = await self._post(destination, signal, encoded(MESSAGES[signal], document), BINARY)
        if delivered is not None:
            return delivered
        why = f"The collector at {destination.shown} takes OTLP neither in JSON nor in protobuf: check otlp_endpoint."
        return Delivered(accepted=False, problem=why)

    async def _post(self, destination: Destination, signal: Signal, body: bytes, form: str) -> Delivered | None:
        """The outcome of one request; None where the collector does not take this form."""
        url = destination.urls[signal]
        client = await self._pool.client(url)
        sent = SecretValues(
            {name: value.reveal() for name, value in destination.headers.items() if isinstance(value, Secret)}
        )
        request = client.build_request("POST", url, content=body, headers=sent | {"Content-Type": form})
        response = await client.send(request, stream=True)
        try:
            answer = await read_capped(response, MAX_ANSWER_BYTES, cut=True)
        finally:
            with anyio.CancelScope(shield=True):
                await response.aclose()
        if response.is_success:
            return _accepted(destination, *_partial_success(answer, form))
        if response.status_code == UNSUPPORTED_FORM:
            return None
        return _refused(destination, signal, response)


def _partial_success(answer: bytes, form: str) -> tuple[int, str]:
    """How much an accepted request lost, and why; nothing where the answer has another form than the request."""
    if form == BINARY:
        try:
            return partial_success(answer)
        except ValueError:
            return 0, ""
    try:
        document: Any = msgspec.json.decode(answer) if answer.strip() else {}
    except msgspec.DecodeError:
        return 0, ""
    partial = document.get("partialSuccess") if is_object(document) else None
    if not is_object(partial):
        return 0, ""
    words = partial.get("errorMessage")
    rejected = max(_whole(partial.get(name)) for name in ("rejectedSpans", "rejectedDataPoints"))
    return rejected, words if isinstance(words, str) else ""


def _accepted(destination: Destination, rejected: int, words: str) -> Delivered:
    """An accepted request, of which a part may have been dropped. Source: OTLP, partial success."""
    if not rejected and not words:
        return Delivered(accepted=True)
    secrets = [value.reveal() for value in destination.headers.values() if isinstance(value, Secret)]
    said = one_line(redact(words, secrets))[:MAX_QUOTE_CHARS]
    why = (
        f"The collector at {destination.shown} has not kept everything{f' ({said})' if said else ''}: look at its log."
    )
    return Delivered(accepted=True, rejected=rejected, problem=why)


def _whole(value: object) -> int:
    """A number of 64 bits, which JSON has as a string; 0 for anything else."""
    try:
        return max(0, int(value)) if isinstance(value, int | str) else 0
    except ValueError:
        return 0


def _refused(destination: Destination, signal: Signal, response: httpx2.Response) -> Delivered:
    status, shown = response.status_code, destination.shown
    if status in RETRYABLE:
        wait_ms = retry_after_ms(response.headers, "", time.time())
        why = f"The collector at {shown} is busy or down ({status}): it is tried again."
        return Delivered(accepted=False, retry=True, wait_s=None if wait_ms is None else wait_ms / 1000, problem=why)
    if status in (401, 403):
        why = f"The collector at {shown} refused the headers ({status}): correct headers in [telemetry]."
        return Delivered(accepted=False, unauthorized=True, problem=why)
    advice = f"set {signal} = false in [telemetry] if it takes none" if status == 404 else "check otlp_endpoint"
    return Delivered(accepted=False, problem=f"The collector at {shown} refused {signal} ({status}): {advice}.")
