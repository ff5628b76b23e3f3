"""Makes records of a recognised server: one, or one for each agent that it lists.

Source: the agent cards of https://a2a-protocol.org (1.0 and 0.3) and https://github.com/google-a2a/A2A (0.2), the agent
lists of https://agentcommunicationprotocol.dev.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from modelport.domain.agents.cleaning import Censor, one_line
from modelport.domain.agents.handshake_result import with_result
from modelport.domain.agents.observations import HandshakeResult
from modelport.domain.agents.rows import AgentBook, AgentRow
from modelport.domain.agents.servers.rows import AgentServer
from modelport.domain.local.fingerprints import Recognition, Reply, text_at
from modelport.protocol.shapes import is_list, is_object
from modelport.protocol.types import Agent

MAX_LISTED_AGENTS = 50
"""Agents of one server that are reported."""
MAX_NAME_CHARS = 80
MAX_EVIDENCE_CHARS = 300
REFUSALS = (401, 403)
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "0.0.0.0", "::", "::1"})  # noqa: S104  read, not bound to
_SELF = ("name", "title", "description", "version", "provider", "documentationUrl")


class Seen(Struct, frozen=True, kw_only=True):
    """Where and when a server was found."""

    url: str
    """Its address, without a slash at the end."""
    port: int
    at: str
    """RFC 3339."""


def tcp_record(row: AgentRow | None, result: HandshakeResult, book: AgentBook, seen: Seen) -> Agent:
    """The record of an agent that answers on a bare connection. ``row`` is the agent that its command line names."""
    agent = Agent(
        agent_id=row.id if row else "acp-agent",
        display_name=row.name if row else "ACP agent",
        installed=True,
        configured=True,
        command="",
        version="",
        detail="It answers on a bare connection. Every user of this machine can use it: it requires no token.",
        protocol="acp",
        transport="tcp",
        url=seen.url,
        sources=(f"port {seen.port}",),
        identity="confirmed" if row else "name-only",
        status="unknown",
    )
    agent = with_result(agent, result)
    return agent if row else named_by_itself(agent, book)


def with_handshake(agent: Agent, result: HandshakeResult, book: AgentBook) -> Agent:
    """The record with the result of a handshake, and with the name that the agent gives itself."""
    return named_by_itself(with_result(agent, result), book)


def named_by_itself(agent: Agent, book: AgentBook) -> Agent:
    """The record with the agent's own name, unless the agent is already identified."""
    info = agent.agent_info or {}
    name = _name(info.get("title")) or _name(info.get("name"))
    if agent.identity == "confirmed" or not name:
        return agent
    return msgspec.structs.replace(agent, agent_id=_id(name, "acp", book), display_name=name)


def server_records(
    match: Recognition[AgentServer], answers: Mapping[str, Reply], book: AgentBook, seen: Seen
) -> list[Agent]:
    """The agents of a server."""
    row = match.row
    reply = answers.get(row.version.path) if row.version else None
    first = answers[match.way[0].path]
    refused = first.status in REFUSALS
    agent = Agent(
        agent_id=row.agent_id or row.id,
        display_name=row.name,
        installed=True,
        configured=True,
        command="",
        version=(text_at(reply.json, row.version.at) if reply and row.version else None) or "",
        detail=_detail(match, refused=refused),
        protocol=row.protocol,
        transport="http",
        url=seen.url + row.endpoint,
        sources=(f"port {seen.port}",),
        identity=row.identity,
        status="auth_required" if refused else "unknown",
        auth="required" if refused else None,
        latency_ms=round(match.latency_ms, 3),
    )
    if row.protocol == "a2a":
        return [_of_card(agent, row, first.json, book, seen)]
    if row.protocol == "beeai-acp":
        return _of_list(agent, row, first.json["agents"], book, seen)
    return [agent]


def _detail(match: Recognition[AgentServer], *, refused: bool) -> str:
    known = f"Known by its answers: {one_line(match.evidence, MAX_EVIDENCE_CHARS)}."
    if refused:
        return f"{known} It requires a token."
    return f"{known} Every user of this machine can use it: it requires no token." if match.row.open else known


def _of_card(agent: Agent, row: AgentServer, card: dict[str, Any], book: AgentBook, seen: Seen) -> Agent:
    """The record of an agent card. The card proves that the agent answers the first request of its protocol."""
    name = _name(card.get("name"))
    interface = _interface(card)
    url, elsewhere = _address(interface.get("url"), seen)
    version = interface.get("protocolVersion", card.get("protocolVersion"))
    declared = any(card.get(field) for field in ("securitySchemes", "securityRequirements", "security"))
    older = card.get("authentication")
    declared = declared or (is_object(older) and bool(older.get("schemes")))
    detail = f"{agent.detail} Its card names the address {elsewhere}." if elsewhere else agent.detail
    return msgspec.structs.replace(
        agent,
        agent_id=_id(name, row.id, book),
        display_name=name or row.name,
        version=text_at(card, "version") or "",
        detail=detail,
        url=url,
        status="ready",
        auth="unknown" if declared else "not_required",
        verified_at=seen.at,
        protocol_version=one_line(version, MAX_NAME_CHARS) if isinstance(version, str) else None,
        agent_info=_self(card),
        capabilities=Censor().json(card.get("capabilities")) if is_object(card.get("capabilities")) else None,
    )


def _of_list(agent: Agent, row: AgentServer, listed: Any, book: AgentBook, seen: Seen) -> list[Agent]:
    """The agents that a server lists, all at one address."""
    reply = [one for one in (listed if is_list(listed) else []) if is_object(one)]
    named = [(one, name) for one in reply if (name := _name(one.get("name")))]
    agent = msgspec.structs.replace(agent, verified_at=seen.at, auth="not_required")
    if not named:
        return [msgspec.structs.replace(agent, status="not_configured", detail=f"{agent.detail} It lists no agent.")]
    more = (
        f" It lists {len(named)} agents, of which these are {MAX_LISTED_AGENTS}."
        if len(named) > MAX_LISTED_AGENTS
        else ""
    )
    return [
        msgspec.structs.replace(
            agent,
            agent_id=_id(name, row.id, book),
            display_name=name,
            status="ready",
            detail=agent.detail + more,
            agent_info=_self(one),
        )
        for one, name in named[:MAX_LISTED_AGENTS]
    ]


def _name(value: Any) -> str:
    return Censor().text(value, MAX_NAME_CHARS) if isinstance(value, str) else ""


def _self(reply: dict[str, Any]) -> dict[str, Any]:
    """An agent's description of itself, without its capabilities."""
    return Censor().json({name: reply[name] for name in _SELF if reply.get(name) is not None})


def _id(name: str, kind: str, book: AgentBook) -> str:
    """An id from a name. The id of a known agent is not given to another agent of the same name."""
    slug = "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())
    if not slug:
        return kind
    return f"{kind}-{slug}" if book.named(slug) else slug


def _interface(card: dict[str, Any]) -> dict[str, Any]:
    """The interface in an agent's card, that for JSON-RPC if it has one; in older cards the card itself."""
    listed = card.get("supportedInterfaces")
    interfaces = [one for one in listed if is_object(one)] if is_list(listed) else []
    spoken = [one for one in interfaces if one.get("protocolBinding") == "JSONRPC"]
    return next(iter([*spoken, *interfaces]), card)


def _address(written: Any, seen: Seen) -> tuple[str, str | None]:
    """The address that was probed, with the path in the card; and the card's own address where that is another one."""
    if not isinstance(written, str):
        return seen.url, None
    shown = Censor().text(written, MAX_NAME_CHARS)
    try:
        parts = urlsplit(written)
        here = parts.scheme == "http" and parts.hostname in LOCAL_HOSTS and (parts.port or 80) == seen.port
    except ValueError:
        return seen.url, shown
    path = parts.path.rstrip("/")
    if here and path.isascii() and path.isprintable() and " " not in path:
        return seen.url + path, None
    return seen.url, shown
