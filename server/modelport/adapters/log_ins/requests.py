"""Requests of log-ins to a vendor, over the shared pool, and the failures of those that are no success."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import anyio
import msgspec
from msgspec import Struct

from modelport.adapters.http import failures
from modelport.adapters.http.bodies import MAX_REFUSAL_BYTES, read_capped
from modelport.adapters.http.pool import HttpPool, network
from modelport.borders import NOT_JSON
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.connection import Endpoint
from modelport.domain.redaction import Redactor, is_random
from modelport.protocol.secret import SecretValues
from modelport.protocol.shapes import is_object

if TYPE_CHECKING:
    import httpx2

TIMEOUT_S = 20.0
PUBLIC = frozenset({"grant_type", "client_id", "redirect_uri", "scope", "code_challenge", "code_challenge_method"})
"""Fields of a request that are no secrets, and that an error may name."""
FORM = "application/x-www-form-urlencoded"


class Reply(Struct, frozen=True, kw_only=True):
    """A reply with the fields of its body; none where it is no object."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    fields: SecretValues[Any]

    def __repr__(self) -> str:
        return f"Reply({self.status}, {self.fields!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("status", self.status), ("fields", self.fields)]

    @property
    def is_success(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300


async def request(
    pool: HttpPool,
    endpoint: Endpoint,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    form: Mapping[str, str] | None = None,
    json: Mapping[str, str] | None = None,
) -> Reply:
    """The reply to a request, whatever its status. One that is an error is without the secrets that were sent.

    Raises:
        RequestFailed: there is none.
    """
    at = msgspec.structs.replace(endpoint, base_url=url)
    with anyio.move_on_after(TIMEOUT_S):
        try:
            client = await pool.client(url, **network(endpoint))
            asked = client.build_request(
                method, url, headers=dict(headers), data=dict(form) if form else None, json=json and dict(json)
            )
            response = await client.send(asked, stream=True)
            try:
                reply = _reply(response, await read_capped(response, MAX_REFUSAL_BYTES, cut=True))
            finally:
                with anyio.CancelScope(shield=True):
                    await response.aclose()
            is_error = not reply.is_success or "error" in reply.fields
            return _without_secrets(reply, response, _sent(headers, form, json)) if is_error else reply
        except RequestFailed:
            raise
        except Exception as error:  # noqa: BLE001  raised below as the failure that it is
            failure = failures.translate(at, "", error)
        # Behind the handler: the frames of the error hold what has come of the tokens.
        raise failure
    raise failures.timed_out(at, "", TIMEOUT_S)


def refused(endpoint: Endpoint, url: str, reply: Reply) -> RequestFailed:
    """The failure for a reply that is no success, or holds nothing of use."""
    at = msgspec.structs.replace(endpoint, base_url=url)
    if reply.is_success:
        row = endpoint.provider
        return RequestFailed(
            "invalid_response",
            f"{row.display_name} answered the log-in at {url} with no token: check the addresses in "
            f"[providers.{row.id}.login] of config.toml, and whether a proxy is in the way.",
            provider=row.id,
            http_status=reply.status,
            action="check the log-in's addresses",
        )
    return failures.refused(at, "", reply.status, reply.headers, reply.body)


async def request_json(
    pool: HttpPool,
    endpoint: Endpoint,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    form: Mapping[str, str] | None = None,
) -> SecretValues[Any]:
    """The JSON object of a reply.

    Raises:
        RequestFailed: no reply, a refusal, or no object.
    """
    reply = await request(pool, endpoint, method, url, headers=headers, form=form)
    if not reply.is_success or not reply.fields:
        raise refused(endpoint, url, reply)
    return reply.fields


def _reply(response: httpx2.Response, body: bytes) -> Reply:
    return Reply(status=response.status_code, headers=response.headers, body=body, fields=_fields(response, body))


def _sent(headers: Mapping[str, str], *bodies: Mapping[str, str] | None) -> Redactor:
    """Takes out what a request has carried: the code, the tokens and the verifier of a log-in."""
    sent = [value for body in bodies for name, value in (body or {}).items() if name not in PUBLIC]
    sent += [value for name in headers if name.lower() == "authorization" for value in headers[name].split()]
    return Redactor(filter(is_random, sent))


def _without_secrets(reply: Reply, response: httpx2.Response, redact: Redactor) -> Reply:
    body = redact(reply.body.decode("utf-8", "replace")).encode()
    headers = type(response.headers)({name: redact(value) for name, value in response.headers.items()})
    fields = _fields(response, body)
    if not fields and "error" in reply.fields:
        # A secret that was spread over several values is taken out with what is between them.
        fields = SecretValues({"error": redact(str(reply.fields["error"]))})
    return Reply(status=reply.status, headers=headers, body=body, fields=fields)


def _fields(response: httpx2.Response, body: bytes) -> SecretValues[Any]:
    if FORM in response.headers.get("content-type", ""):
        # What GitHub sends where a proxy has dropped the Accept header.
        return SecretValues(parse_qsl(body.decode("utf-8", "replace")))
    try:
        value = msgspec.json.decode(body)
    except NOT_JSON:
        return SecretValues()
    return SecretValues(value if is_object(value) else {})
