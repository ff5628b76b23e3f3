"""A provider as data: one row of ``data/providers.toml``, and the values a row may take.

Nothing here knows how a row is read or used. A fact that only one vendor needs is still a
field with a general meaning, so that a second row can use it.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from modelport.protocol.types import ConnectionType, Dialect, ProviderStatus

Auth = Literal["bearer", "key", "none", "sigv4", "google", "device"]
"""``bearer`` sends ``Bearer KEY``, ``key`` the key as it is, ``none`` a bearer key only where one is set."""
Capability = Literal["chat", "fim", "embeddings", "images", "moderation", "tools", "vision", "json_mode"]
ToolChoiceMode = Literal["auto", "none", "required", "named"]
ReasoningRequest = Literal[
    "reasoning_effort",
    "reasoning_object",
    "enable_thinking",
    "chat_template_kwargs",
    "thinking_type",
    "think",
]


class Wire(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a provider's servers differ from the plain dialect; an absent flag means no difference."""

    chat_path: str | None = None
    """Path appended to the base URL for a completion; absent: the dialect's own."""
    models_path: str | None = None
    """Path that lists the models; absent: the dialect's own; empty: the provider lists none."""
    verify_path: str | None = None
    """Path that proves a key with a free GET, where the model list is public."""
    client: Literal["http", "sdk"] = "http"
    """``sdk`` sends requests through the vendor's own Python client."""
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    default_max_tokens: int | None = None
    """Sent when the caller names no limit and the dialect cannot do without one."""
    stream_usage: Literal["ask", "unasked"] = "ask"
    """``ask`` sends ``stream_options.include_usage``; ``unasked`` must not be asked."""
    seed_field: Literal["seed", "random_seed"] = "seed"
    system_role: Literal["system", "developer"] = "system"
    tool_choice: tuple[ToolChoiceMode, ...] = ("auto", "none", "required", "named")
    strict_tools: bool = False
    """The provider understands ``strict`` on a tool."""
    response_formats: tuple[Literal["json_object", "json_schema"], ...] = (
        "json_object",
        "json_schema",
    )
    reasoning_request: ReasoningRequest | None = None
    """How a reasoning effort is asked for; absent: unknown, so it cannot be asked for."""
    echo_reasoning: bool = False
    """Reasoning has to come back with the next turn when tools are used."""
    think_tags: bool = False
    """Reasoning stands between ``<think>`` tags inside the text."""
    refused_parameters: tuple[str, ...] = ()
    """Sampling parameters of the dialect that this provider answers with an error."""
    extra_parameters: tuple[str, ...] = ()
    """Sampling parameters beyond the dialect's own that this provider takes."""
    extra_body: dict[str, object] = {}
    """Constant fields that every completion request carries."""


class DialectRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Models matching a shell-style pattern are served in another wire format."""

    models: str
    dialect: Dialect
    chat_path: str | None = None


class Provider(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One provider: who it is, where it answers, how it is paid for and what it speaks."""

    id: str
    display_name: str
    adapter: str
    dialect: Dialect
    connection_type: ConnectionType
    category: str
    auth: Auth
    requires_api_key: bool
    checked: str
    """The day the facts of this row were checked, ISO 8601."""
    source: str
    """Where the facts come from: a URL or a named document."""
    aliases: tuple[str, ...] = ()
    base_url: str | None = None
    """May hold ``{NAME}`` placeholders, filled from the environment."""
    base_url_env_vars: tuple[str, ...] = ()
    api_key_env_vars: tuple[str, ...] = ()
    key_header: str = "Authorization"
    """The header that carries the key."""
    key_prefix: str | None = None
    """Only where every key of the provider is known to start with it."""
    headers: dict[str, str] = {}
    free_tier: bool | None = None
    status: ProviderStatus = "active"
    notice: str | None = None
    """What happened to the service and what to use instead, one or two sentences."""
    docs_url: str | None = None
    key_url: str | None = None
    default_model: str | None = None
    example_models: tuple[str, ...] = ()
    capabilities: tuple[Capability, ...] = ()
    dialect_rules: tuple[DialectRule, ...] = ()
    wire: Wire = Wire()
