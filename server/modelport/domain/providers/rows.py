"""A provider as data: one row of ``data/providers.toml``, and the values a row may take.

Nothing here depends on how a row is read or used. A fact that only one vendor needs is still a
field with a general meaning, so that a second row can use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

from msgspec import Struct

from modelport.domain.log_ins.wire import LogInWire
from modelport.domain.providers.pricing import Pricing
from modelport.domain.providers.wire.history import HistoryWire
from modelport.domain.providers.wire.operations import (
    CreditsWire,
    EmbeddingsWire,
    ImagesWire,
    ModerationWire,
    TokenCountWire,
)
from modelport.protocol.shapes import is_object
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
RateLimitReset = Literal["duration", "milliseconds", "epoch_ms"]
"""``duration``: ``1m30s``, or a number of seconds; ``milliseconds``: a number of them; ``epoch_ms``: since 1970."""


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
    output_only_in_total: bool = False
    """The output count leaves out what is charged as well, such as thoughts, and only the total has."""
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
    rate_limit_reset: RateLimitReset | None = None
    """The form of ``x-ratelimit-reset`` and its like; absent: a duration."""
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


class ServerProgram(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A program of the user's that serves a provider's models on this machine while a call needs it."""

    command: tuple[str, ...]
    """Its name on the search path, and its arguments; ``{port}`` is the port of 127.0.0.1 to listen on."""
    folders: tuple[str, ...] = ()
    """Folders in which its installer puts it, for a search path that lacks them; ``~`` is the user's home."""
    ready_path: str
    """The path that answers once it can serve, with a refusal too."""
    user: str
    """The user name that goes with the password, as Basic authentication."""
    password_env_var: str
    """The variable from which it takes the password that is made for each start."""
    variables: dict[str, str] = {}
    """More variables for it."""
    install: str
    """How to install it, the end of a sentence."""
    log_in: str
    """What to do where the services behind it refuse, the end of a sentence."""


class StandIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The provider that answers in place of one without a key, where its program is installed."""

    provider: str
    model_prefix: str = ""
    """What stands in front of the model's name there."""


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
    other_categories: tuple[Category, ...] = ()
    """Categories under which other programs list the provider, so that it is found there too."""
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
    file_settings: dict[str, str] = {}
    """Settings that the configuration file takes for this provider, with the variable in whose place each stands."""
    base_url_rules: tuple[BaseUrlRule, ...] = ()
    env_base_path: str = ""
    """Appended to an address from the environment that has no path, where other tools leave it out."""
    timeout_env_vars: tuple[str, ...] = ()
    """Variables that hold the idle timeout, in seconds."""
    with_key: WithKey | None = None
    login: LogInWire | None = None
    """How users log in with OAuth; absent: they cannot."""
    renew_command: str | None = None
    """The command of the vendor's own tool that renews its log-in."""
    subscription_prefix: str | None = None
    """What the tokens of a subscription start with, which the vendor takes from its own programs only."""
    free_tier: bool | None = None
    free_without_key: bool = False
    """Without a key only the models that cost nothing are listed."""
    status: ProviderStatus = "active"
    notice: str | None = None
    """What happened to the service and what to use instead, one or two sentences."""
    system_user: str | None = None
    """The system account that its installer makes for the server."""
    start_command: str | None = None
    """The command that starts the server, for the error of one that is not running."""
    docs_url: str | None = None
    key_url: str | None = None
    default_model: str | None = None
    rank: int = 50
    """Its place in the default chain, for requests that name nothing; the lowest rank comes first."""
    program: ServerProgram | None = None
    """The program that serves it on this machine, started by the first call that names no other address."""
    without_key: StandIn | None = None
    runner: Literal["gguf"] | None = None
    """The format of model files that its servers load, so that they can be started on demand for the user's files."""
    model_patterns: tuple[str, ...] = ()
    """Shell-style patterns of names that are known to be this provider's own models."""
    example_models: tuple[str, ...] = ()
    capabilities: tuple[Capability, ...] = ()
    dialect_rules: tuple[DialectRule, ...] = ()
    pricing: Pricing = Pricing()
    """How calls are paid."""
    telemetry_name: str | None = None
    """The provider in OpenTelemetry's conventions (``gen_ai.provider.name``), where that is not the id."""
    rests: bool = True
    """Whether a failure says something about the next call; not where the request asks for it."""
    wire: Wire = Wire()

    @property
    def reports_credits(self) -> bool:
        """Whether its API reports the credit of the account."""
        return bool(self.wire.credits) or self.dialect == "mock"


def laid_over(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two JSON objects merged, recursively, such as the flags of a row and of the configuration; ``above`` wins."""
    merged = dict(below)
    for name, value in above.items():
        old = merged.get(name)
        merged[name] = laid_over(old, value) if is_object(old) and is_object(value) else value
    return merged
