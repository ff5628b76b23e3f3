"""A provider as data: one row of ``data/providers.toml``, and the values a row may take.

Nothing here depends on how a row is read or used. A fact that only one vendor needs is still a
field with a general meaning, so that a second row can use it.
"""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

from modelport.domain.providers.history import HistoryWire
from modelport.domain.providers.operation_wire import (
    CreditsWire,
    EmbeddingsWire,
    ImagesWire,
    ModerationWire,
    TokenCountWire,
)
from modelport.protocol.types import ConnectionType, Dialect, ProviderStatus

Auth = Literal["bearer", "key", "none", "sigv4", "google", "copilot", "qwen"]
"""``bearer`` sends ``Bearer KEY``, ``key`` the key as it is, ``none`` a bearer key only where one is set.

The others are log-ins of their own: ``sigv4`` signs with the credentials of AWS, ``google`` takes a token of
Google Cloud, ``copilot`` and ``qwen`` exchange or renew the token that their own tools keep.
"""
OWN_LOG_INS: frozenset[Auth] = frozenset(get_args(Auth)) - {"bearer", "key", "none"}
"""The log-ins whose credential the vendor's own tools keep."""
CLOUD_LOG_INS: frozenset[Auth] = frozenset({"sigv4", "google"})
"""Those that find credentials in other places than files too, and read settings such as a region from files."""
Category = Literal["Local", "US Labs", "China Labs", "Other Labs", "Model Hosts", "Gateways", "Custom"]
"""The group in lists; ``Custom`` is a provider of the user's own, and no shipped row."""
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


class TurnHeader(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A header that depends on the conversation: on the role of the last message, or on images in it."""

    name: str
    value: str
    when: Literal["user", "agent", "images"]
    """``user``: the last message is the user's; ``agent``: it is a tool's result; ``images``: one of them has any."""


class Wire(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a provider's servers differ from the plain dialect; an absent flag means no difference."""

    chat_path: str | None = None
    """Path appended to the base URL for a completion; absent: the dialect's own."""
    models_path: str | None = None
    """Path that lists the models; absent: the dialect's own; empty: the provider lists none."""
    models_hosts: dict[str, str] = {}
    """Hosts that answer but list no models, as patterns with ``*`` for one label, and the label that takes the place
    of the first in the host that lists them. Where there are any, a host that fits none lists nothing."""
    verify_path: str | None = None
    """Path that proves a key with a free GET, where the model list is public."""
    client: Literal["http", "sdk"] = "http"
    """``sdk`` sends requests through the vendor's own Python client."""
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    default_max_tokens: int | None = None
    """Sent when the caller names no limit and the dialect cannot do without one."""
    stream_usage: Literal["ask", "unasked"] = "ask"
    """``ask`` sends ``stream_options.include_usage``; ``unasked`` never does."""
    seed_field: Literal["seed", "random_seed"] = "seed"
    system_role: Literal["system", "developer"] = "system"
    tool_choice: tuple[ToolChoiceMode, ...] = ("auto", "none", "required", "named")
    response_formats: tuple[Literal["json_object", "json_schema"], ...] = (
        "json_object",
        "json_schema",
    )
    reasoning_request: ReasoningRequest | None = None
    """How a reasoning effort is requested; absent: unknown, so it cannot be requested."""
    echo_reasoning: bool = False
    """Reasoning has to come back with the next turn when tools are used."""
    think_tags: bool = False
    """Reasoning stands between ``<think>`` tags inside the text."""
    refused_parameters: tuple[str, ...] = ()
    """Sampling parameters of the dialect that this provider answers with an error."""
    extra_parameters: tuple[str, ...] = ()
    """Sampling parameters beyond the dialect's own that this provider takes."""
    turn_headers: tuple[TurnHeader, ...] = ()
    extra_body: dict[str, object] = {}
    """Constant fields that every completion request carries."""
    history: HistoryWire = HistoryWire()
    """How the conversations that it accepts differ from the dialect's."""
    embeddings: EmbeddingsWire | None = None
    images: ImagesWire | None = None
    moderation: ModerationWire | None = None
    token_count: TokenCountWire | None = None
    credits: tuple[CreditsWire, ...] = ()
    """The paths that report the account's credit, the best first."""


class DialectRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Models matching a shell-style pattern are served in another wire format."""

    models: str
    dialect: Dialect
    chat_path: str | None = None
    key_header: str | None = None
    """The header that carries the key, as it is, for these models; absent: the row's."""


class Setting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value that addresses, paths and headers are made of, such as a region."""

    env_vars: tuple[str, ...] = ()
    """The variables that may hold it; the first that is set counts. Absent: a variable of its own name."""
    default: str | None = None


class BaseUrlRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another base URL, for a setting that matches a shell-style pattern."""

    setting: str
    value: str
    base_url: str


class WithKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a provider with a log-in of its own is called with an API key instead."""

    base_url: str | None = None
    chat_path: str | None = None
    auth: Literal["bearer", "key"] = "bearer"
    key_header: str = "Authorization"


class Provider(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One provider: its names, addresses, credentials, models and wire format."""

    id: str
    display_name: str
    adapter: str
    dialect: Dialect
    connection_type: ConnectionType
    category: Category
    auth: Auth
    requires_api_key: bool
    checked: str
    """The day the facts of this row were checked, ISO 8601."""
    source: str
    """Where the facts come from: a URL or a named document."""
    tested: tuple[Literal["recordings", "server"], ...] = ()
    """The tests beyond its documents: against recorded exchanges, against a real server of its kind."""
    aliases: tuple[str, ...] = ()
    base_url: str | None = None
    """May hold ``{NAME}`` placeholders, filled from the environment."""
    base_url_env_vars: tuple[str, ...] = ()
    api_key_env_vars: tuple[str, ...] = ()
    key_header: str | None = "Authorization"
    """The header that carries the key; None, which only a provider of the user's own has: where the dialect puts it."""
    key_prefix: str | None = None
    """Only where every key of the provider is known to start with it."""
    headers: dict[str, str] = {}
    """Constant headers; one with a placeholder is left out where its setting has no value."""
    settings: dict[str, Setting] = {}
    """The placeholders of the addresses, paths and headers that are more than a variable of their name."""
    base_url_rules: tuple[BaseUrlRule, ...] = ()
    env_base_path: str = ""
    """Appended to an address from the environment that has no path, where other tools leave it out."""
    timeout_env_vars: tuple[str, ...] = ()
    """Variables that hold the idle timeout, in seconds."""
    with_key: WithKey | None = None
    token_url: str | None = None
    """Where a log-in's token is exchanged or renewed."""
    client_id: str | None = None
    """The public client id that goes with ``token_url``."""
    free_tier: bool | None = None
    status: ProviderStatus = "active"
    notice: str | None = None
    """What happened to the service and what to use instead, one or two sentences."""
    docs_url: str | None = None
    key_url: str | None = None
    default_model: str | None = None
    rank: int = 50
    """Its place in the default chain, for requests that name nothing; the lowest rank comes first."""
    runner: Literal["gguf"] | None = None
    """The format of model files that its servers load, so that they can be started on demand for the user's files."""
    model_patterns: tuple[str, ...] = ()
    """Shell-style patterns of names that are known to be this provider's own models."""
    example_models: tuple[str, ...] = ()
    capabilities: tuple[Capability, ...] = ()
    dialect_rules: tuple[DialectRule, ...] = ()
    wire: Wire = Wire()
