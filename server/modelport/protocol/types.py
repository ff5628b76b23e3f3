"""The values that cross the wire: frozen structs, camelCase outside, snake_case here.

Generated from ``protocol/model.json`` by ``protocol/generate.py``; do not edit.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from modelport.protocol.secret import Secret

ConnectionType = Literal[
    "local",
    "byok",
    "oauth",
    "cloud",
]
"""How a provider is reached and paid for."""

ProviderStatus = Literal[
    "active",
    "renamed",
    "retired",
]
"""The state of the service."""

Dialect = Literal[
    "openai_chat",
    "openai_responses",
    "openai_completions",
    "anthropic_messages",
    "gemini",
    "ollama",
    "bedrock_converse",
    "cohere_chat",
    "mock",
]
"""A wire format: how a completion is requested and streamed."""

CredentialSource = Literal[
    "keyring",
    "environment",
    "command",
    "file",
    "session",
    "none",
    "notRequired",
]
"""Where a credential was found."""

ModelSource = Literal[
    "live",
    "catalog",
    "curated",
]
"""Where the facts about a model come from."""

Role = Literal[
    "system",
    "user",
    "assistant",
    "tool",
]
"""Who speaks in a message."""

FinishReason = Literal[
    "stop",
    "length",
    "toolCalls",
    "contentFilter",
    "other",
]
"""Why the model stopped."""

AttemptOutcome = Literal[
    "ok",
    "failed",
]
"""How an attempt ended."""

UsageGroupBy = Literal[
    "model",
    "provider",
    "client",
    "project",
    "day",
]
"""What usage is grouped by."""

CallOutcome = Literal[
    "ok",
    "failed",
    "cancelled",
]
"""How a recorded call ended."""

CheckStatus = Literal[
    "ok",
    "warn",
    "fail",
]
"""The result of a diagnostic check."""

DiscoverLevel = Literal[
    "static",
    "probe",
    "verify",
]
"""How far agent discovery goes."""

AgentStatus = Literal[
    "ready",
    "auth_required",
    "not_configured",
    "broken",
    "hung",
    "stub",
    "needs_install",
    "unknown",
]
"""What is proven about an agent; never a guess."""

AgentAuth = Literal[
    "unknown",
    "not_required",
    "required",
]
"""What is known of an agent's log-in."""

AgentIdentity = Literal[
    "confirmed",
    "name-only",
    "mismatch",
]
"""How certain it is that a program is the agent and not a namesake."""

AgentProtocol = Literal[
    "acp",
    "beeai-acp",
    "a2a",
    "opencode",
    "lsp",
    "other",
]
"""The protocol an agent or server speaks."""

AgentTransport = Literal[
    "stdio",
    "tcp",
    "http",
]
"""How an agent is reached."""

ResponseFormatType = Literal[
    "text",
    "json",
    "jsonSchema",
]
"""The form the answer must have."""

EmbeddingInputType = Literal[
    "document",
    "query",
]
"""What a text is embedded for."""

CreditScope = Literal[
    "account",
    "key",
]
"""Whose credit it is."""

ErrorKind = Literal[
    "auth_required",
    "auth_rejected",
    "forbidden",
    "rate_limited",
    "quota_exhausted",
    "budget_exceeded",
    "model_not_found",
    "context_too_long",
    "content_filtered",
    "provider_unavailable",
    "network",
    "tls",
    "timeout",
    "invalid_response",
    "unsupported",
    "agent_not_found",
    "agent_failed",
    "stream_interrupted",
    "unknown_provider",
    "unknown_model",
    "invalid_key_format",
]
"""The reason of a failure, for a program to act on."""


class Empty(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """No fields."""


class Provider(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A known provider."""

    id: str
    """The provider's name in every request."""

    display_name: str
    """The name to show."""

    aliases: tuple[str, ...]
    """Other names it is found by, in any case."""

    adapter: str
    """The family of client that serves it."""

    dialect: Dialect
    """The wire format it speaks, unless a model or the connection has another."""

    connection_type: ConnectionType
    """How it is reached and paid for."""

    category: str
    """A heading for lists."""

    base_url: str | None = None
    """The address of its API; the environment or a connection may override it."""

    base_url_env_var: str | None = None
    """The environment variable that overrides the base URL."""

    api_key_env_vars: tuple[str, ...]
    """The environment variables its key is read from, first match wins."""

    requires_api_key: bool
    """Whether it needs a key."""

    free_tier: bool | None = None
    """Whether it can be used free of charge."""

    status: ProviderStatus
    """The state of the service."""

    notice: str | None = None
    """A notice about the service, such as a move, an end or a limit."""

    docs_url: str | None = None
    """Its documentation."""

    key_url: str | None = None
    """The page where a key is created."""

    default_model: str | None = None
    """The model used when a connection names none."""

    example_models: tuple[str, ...]
    """Models it is known to serve."""

    capabilities: tuple[str, ...]
    """What it can do, of chat, fim, embeddings, images, moderation, tools, vision, json_mode."""

    supported: bool
    """Whether this build speaks its wire format."""

    credential: CredentialStatus
    """The credential that would be used now."""

    connected: bool
    """Whether it is among this session's connections."""


class LocalServer(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A model server found on this machine."""

    provider: str
    """The provider it was identified as; openai-compatible when it speaks OpenAI's format and fits no other row."""

    base_url: str
    """Its address, as provider/connect takes it."""

    version: str | None = None
    """Its version, where it reports one."""

    models: tuple[str, ...]
    """The models it offers; empty where it requires a key to list them."""

    latency_ms: float
    """The latency of the answer that identified it."""

    evidence: str
    """The answer that identified it."""


class Connection(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A provider in use by this session, with the overrides it was given."""

    provider: str
    """The provider's id."""

    model: str | None = None
    """The model used when a request names none."""

    adapter: str
    """The family of client that serves it."""

    dialect: Dialect
    """The wire format in use."""

    base_url: str | None = None
    """The address in use."""

    credential: CredentialStatus
    """The credential in use."""

    verified: bool
    """Whether a request has succeeded."""

    latency_ms: float | None = None
    """How long the verifying request took."""

    notice: str | None = None
    """The notice of the provider's row about the service."""


class Health(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A provider's health in this session."""

    provider: str
    """The provider's id."""

    ok: bool
    """Whether its last call succeeded."""

    calls: int
    """Calls in this session."""

    failures: int
    """Failed calls in this session."""

    last_error: AttemptError | None = None
    """The last failure."""

    last_latency_ms: float | None = None
    """How long the last call took."""


class CredentialStatus(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What is known about a provider's credential; never the credential."""

    provider: str
    """The provider's id."""

    source: CredentialSource
    """Where it was found."""

    location: str | None = None
    """The variable, keyring entry or file, by name."""

    last4: str | None = None
    """Its last four characters, where it is long enough to show them; absent while the keyring that holds it is locked."""

    base_url: str | None = None
    """The only address it is sent to, where it is bound to one."""


class Price(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What a model costs, in US dollars per million tokens."""

    input_usd_per_mtok: float | None = None
    """Input."""

    output_usd_per_mtok: float | None = None
    """Output."""

    cache_read_usd_per_mtok: float | None = None
    """Input read from the provider's cache."""

    cache_write_usd_per_mtok: float | None = None
    """Input written to the provider's cache."""


class Model(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A model, as far as it is known: an absent field is unknown."""

    id: str
    """Its name at the provider."""

    provider: str
    """The provider's id."""

    display_name: str | None = None
    """The name to show."""

    context_window: int | None = None
    """Tokens of input and output together."""

    max_output_tokens: int | None = None
    """Tokens of output."""

    input_modalities: tuple[str, ...] | None = None
    """Of text, image, audio, video, file."""

    tools: bool | None = None
    """Whether it calls tools."""

    reasoning: bool | None = None
    """Whether it reasons before it answers."""

    price: Price | None = None
    """What it costs."""

    capabilities: tuple[str, ...] | None = None
    """What else it is known to do: json_mode, fim, embeddings, images, moderation."""

    retired: bool | None = None
    """Whether it is not served any more, or was never served under this name."""

    retires_on: str | None = None
    """The day it stops or stopped being served, ISO 8601."""

    successor: str | None = None
    """The model of the same provider that takes its place."""

    notice: str | None = None
    """What changed about it, in a sentence."""

    size_bytes: int | None = None
    """Bytes on the disk, of a local model."""

    quantization: str | None = None
    """The storage format of its weights, such as Q4_K_M."""

    parameter_size: str | None = None
    """The number of its parameters, as its maker writes it, such as 8x7B."""

    source: ModelSource
    """Where these facts come from."""


class ToolCall(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A tool call that the model requests."""

    id: str
    """Ties the result to the call."""

    name: str
    """The tool."""

    arguments: dict[str, Any] | None = None
    """The arguments, where they are a JSON object."""

    arguments_text: str | None = None
    """The arguments as the model wrote them, where they are not a JSON object."""


class Message(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One turn of a conversation."""

    role: Role
    """Who speaks."""

    content: str | tuple[Part, ...] | None = None
    """The text or parts of the message."""

    tool_calls: tuple[ToolCall, ...] | None = None
    """The tools an assistant message called."""

    tool_call_id: str | None = None
    """The call that a tool message answers."""

    provider_state: dict[str, Any] | None = None
    """Of an assistant message: the providerState of the completion it came from, unchanged. Another provider ignores it."""


class TextPart(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, tag_field="type", tag="text"):
    """Text."""

    text: str
    """The text."""


class ImagePart(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, tag_field="type", tag="image"):
    """An image, as an address or as data."""

    url: str | None = None
    """Where it can be fetched, or a data URL."""

    data: str | None = None
    """The image, base64."""

    mime_type: str | None = None
    """For example image/png; needed with data."""


class Tool(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A function the model may call."""

    name: str
    """Its name."""

    description: str | None = None
    """What it does, for the model."""

    parameters: dict[str, Any] | None = None
    """JSON Schema of its arguments."""


class NamedToolChoice(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The one tool the model must call."""

    name: str
    """The tool."""


class ResponseFormat(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The form the answer must have. The spellings json_object and json_schema are understood too."""

    type: str
    """One of ResponseFormatType."""

    schema: dict[str, Any] | None = None
    """JSON Schema, for jsonSchema."""

    name: str | None = None
    """A name for the schema."""

    strict: bool | None = None
    """Whether the provider must enforce the schema; true when absent."""

    json_schema: dict[str, Any] | None = None
    """The nested form {name, schema, strict}, as OpenAI has it."""


class AttemptError(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Why an attempt failed."""

    kind: ErrorKind
    """For a program."""

    message: str
    """For a person."""


class Attempt(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One attempt at a provider."""

    provider: str
    """The provider's id."""

    model: str
    """The model."""

    outcome: AttemptOutcome
    """How it ended."""

    error: AttemptError | None = None
    """Why it failed."""

    latency_ms: float
    """How long it took."""


class Usage(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The tokens, time and cost of a call. Input counts all input, cached included; output all output, reasoning included, whatever the vendor's own definition."""

    input_tokens: int
    """All input tokens."""

    output_tokens: int
    """All output tokens."""

    cache_read_tokens: int | None = None
    """Input read from the provider's cache."""

    cache_write_tokens: int | None = None
    """Input written to the provider's cache."""

    reasoning_tokens: int | None = None
    """Output spent on reasoning."""

    latency_ms: float
    """From the request to the last byte."""

    time_to_first_token_ms: float | None = None
    """From the request to the first delta."""

    usd_micros: int | None
    """Millionths of a US dollar; 0 for local providers, null where the price is not known."""

    estimated: bool
    """Whether the counts are an estimate because the provider gave none."""


class Completion(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A whole answer."""

    text: str
    """The answer."""

    reasoning: str
    """The model's reasoning, where it is shown."""

    tool_calls: tuple[ToolCall, ...]
    """The tool calls it requests."""

    finish_reason: FinishReason
    """Why it stopped."""

    provider: str
    """The provider that answered."""

    model: str
    """The model that answered."""

    provider_state: dict[str, Any] | None = None
    """State the provider needs back with this turn, such as signed reasoning: opaque, to be sent unchanged in the assistant message."""

    usage: Usage
    """What it used."""

    attempts: tuple[Attempt, ...]
    """Every attempt, in order; the last one gave the answer."""


class UsageTotals(Struct, frozen=True, kw_only=True, rename="camel"):
    """Usage added up."""

    total_calls: int = 0
    """Calls, failed and cancelled ones included."""

    failed_calls: int = 0
    """Calls that failed."""

    cancelled_calls: int = 0
    """Calls the client cancelled."""

    input_tokens: int = 0
    """All input tokens."""

    output_tokens: int = 0
    """All output tokens."""

    cache_read_tokens: int = 0
    """Input read from caches."""

    cache_write_tokens: int = 0
    """Input written to caches."""

    reasoning_tokens: int = 0
    """Output spent on reasoning."""

    usd_micros: int = 0
    """Millionths of a US dollar, over the calls whose price is known."""

    unpriced_calls: int = 0
    """Calls whose price is not known."""


class UsageGroup(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Totals of one group."""

    key: str
    """The model, provider, client, project or day."""

    totals: UsageTotals
    """Its totals."""

    groups: tuple[UsageGroup, ...] | None = None
    """Its groups by the next name of groupBy, in the same order; present when groupBy has one."""


class Call(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One recorded call."""

    id: int
    """Rises with time within one ledger."""

    started_at: str
    """RFC 3339, UTC."""

    provider: str
    """The provider's id."""

    model: str
    """The model."""

    client: str | None = None
    """The editor or program that made the call."""

    project: str | None = None
    """The workspace the client works in."""

    outcome: CallOutcome
    """How it ended."""

    error_kind: ErrorKind | None = None
    """Why it failed."""

    finish_reason: FinishReason | None = None
    """Why the model stopped."""

    usage: Usage
    """What it used."""


class Agent(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An agent on this machine: one that can be started, one that listens, or a known one that is not installed."""

    agent_id: str
    """Its id: the public registry's where it has one, else the name that the server reports."""

    display_name: str
    """The name to show."""

    installed: bool
    """Whether it is installed: as a program that can be started, or as a server that answers. A namesake or a stub does not count."""

    configured: bool
    """Whether a key variable or a credential file of its own is present, or none of either is known. Whether they are still valid is not checked."""

    command: str
    """The name of the program that starts it; empty for a server."""

    version: str
    """Its version, from its package or its own answer; empty where neither has one."""

    detail: str
    """A sentence about its state: why it is broken, what is missing, where it runs. May be empty."""

    protocol: AgentProtocol | None = None
    """The protocol it speaks, or is known for."""

    transport: AgentTransport | None = None
    """How it is reached."""

    argv: tuple[str, ...] | None = None
    """The exact command line that starts it. Absent where it must not be started."""

    url: str | None = None
    """Where it answers."""

    pid: int | None = None
    """Its process, when it runs."""

    sources: tuple[str, ...] | None = None
    """Where it was found."""

    identity: AgentIdentity | None = None
    """How certain it is that this is the agent."""

    owner: AgentOwner | None = None
    """The package that owns the program."""

    status: AgentStatus
    """What is proven."""

    auth: AgentAuth | None = None
    """What is known of its log-in; absent without an answer at level verify."""

    verified_at: str | None = None
    """When it last answered, RFC 3339; absent where it never did."""

    protocol_version: int | str | None = None
    """The protocol version it answered with."""

    agent_info: dict[str, Any] | None = None
    """Its name and version, as it reports them."""

    capabilities: dict[str, Any] | None = None
    """The capabilities it reports."""

    auth_methods: tuple[dict[str, Any], ...] | None = None
    """The ways to log in that it offers."""

    models: tuple[str, ...] | None = None
    """The models it offers, where a session was opened."""

    latency_ms: float | None = None
    """How long the answer took, its start included."""

    stdout_noise: int | None = None
    """Lines on its standard output that are not the protocol."""

    stderr_tail: tuple[str, ...] | None = None
    """Its last lines on standard error, where it failed; secrets and folders are removed."""

    exits_cleanly: bool | None = None
    """Whether it ended by itself when its input was closed."""

    processes: tuple[AgentProcess, ...] | None = None
    """The processes of this user that run it now. They belong to the program that started them and cannot be attached to."""

    install_hint: str | None = None
    """The command that installs it, or what it lacks."""

    login_hint: str | None = None
    """What to do to log in."""

    configured_in: tuple[str, ...] | None = None
    """The programs it is set up in."""


class AgentOwner(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The package a program belongs to, read from its files."""

    ecosystem: str
    """npm or pypi."""

    package: str
    """Its name there."""

    version: str | None = None
    """Its version."""


class AgentProcess(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A running agent."""

    pid: int
    """Its process."""

    parent: str | None = None
    """The program that started it."""

    parent_pid: int | None = None
    """That program's process."""


class AgentRegistry(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The copy of the public registry that was used besides what ships with Modelport."""

    url: str
    """Where it came from."""

    fetched_at: str
    """When, RFC 3339."""

    agent_count: int
    """How many agents it names."""


class Check(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One diagnostic check."""

    id: str
    """Its name."""

    status: CheckStatus
    """The result."""

    detail: str
    """What was found."""

    action: str | None = None
    """What to do next."""


class ErrorData(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The data of an error reply."""

    kind: ErrorKind | None = None
    """For a program to act on."""

    provider: str | None = None
    """The provider concerned."""

    model: str | None = None
    """The model concerned."""

    field: str | None = None
    """The parameter at fault."""

    http_status: int | None = None
    """The provider's HTTP status."""

    retry_after_ms: int | None = None
    """How long to wait before another attempt."""

    retryable: bool | None = None
    """Whether the same request may succeed later."""

    action: str | None = None
    """What to do next."""

    request_id: str | None = None
    """The provider's own id of the request."""

    log_id: str | None = None
    """Where to look in the log."""

    text: str | None = None
    """The part of the answer that had arrived before the failure."""

    reasoning: str | None = None
    """The part of the reasoning that had arrived before the failure."""

    usage: Usage | None = None
    """What the failed call used."""

    attempts: tuple[Attempt, ...] | None = None
    """Every attempt, in order."""


class TextUpdate(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, tag_field="kind", tag="text"):
    """More of the answer."""

    text: str
    """To append."""


class ReasoningUpdate(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, tag_field="kind", tag="reasoning"):
    """More of the reasoning."""

    text: str
    """To append."""


class ToolCallUpdate(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, tag_field="kind", tag="toolCall"):
    """A delta of a tool call. Its first delta has the id and the name."""

    index: int
    """Which call, from 0."""

    id: str | None = None
    """Its id."""

    name: str | None = None
    """Its tool."""

    arguments_delta: str
    """To append to the JSON text of the arguments."""


class AttemptUpdate(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, tag_field="kind", tag="attempt"):
    """An attempt failed, and another provider is tried."""

    provider: str
    """The provider that failed."""

    model: str
    """Its model."""

    reason: ErrorKind
    """Why."""


class ListProviderParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Which providers to list."""

    connection_type: ConnectionType | None = None
    """Only these."""

    category: str | None = None
    """Only these, in any case."""

    configured_only: bool | None = None
    """Only those that can be used now: a credential was found, or none is needed."""


class ListProviderResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Providers in the registry's order."""

    providers: tuple[Provider, ...]
    """The providers."""


class DiscoverProviderParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """How to look for local servers."""

    timeout_ms: int | None = None
    """For the whole search; 1500 when absent."""

    providers: tuple[str, ...] | None = None
    """Only these, by id or alias."""

    ports: tuple[int, ...] | None = None
    """Only these, in place of all others."""

    stream_id: str | None = None
    """Requests a provider/update notification under this name for each server, as soon as it is known."""

    work_done_token: str | int | None = None
    """For progress."""


class DiscoverProviderResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The servers that answered."""

    servers: tuple[LocalServer, ...]
    """One per address, in the order of the rows that identify them."""


class ConnectProviderParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What to connect to. One of provider and model is needed."""

    provider: str | None = None
    """Its id or an alias."""

    model: str | None = None
    """A model, with or without its provider's name in front."""

    base_url: str | None = None
    """Replaces the provider's whole base URL."""

    api_key: Secret | None = None
    """Kept in memory for this session, never stored."""

    dialect: Dialect | None = None
    """The wire format, for an endpoint of the user's own."""

    headers: dict[str, Secret] | None = None
    """Extra request headers."""

    timeout_ms: int | None = None
    """The idle timeout: how long the provider may send nothing."""

    verify_tls: bool | None = None
    """false accepts any certificate."""

    verify: bool | None = None
    """false connects without a request and without a password prompt: a locked keyring is not unlocked, and the command that prints the key not run, before the first call; true when absent."""

    keep_overrides: bool | None = None
    """true keeps the overrides of the existing connection that this request leaves out, its key included; none is kept where baseUrl is another address."""


class DisconnectProviderParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What to disconnect."""

    provider: str | None = None
    """Absent: all of them."""


class StatusProviderParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """No fields."""


class StatusProviderResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """This session's connections."""

    active: Connection | None
    """The connection used when a request names no model."""

    connections: tuple[Connection, ...]
    """All of them, oldest first."""

    health: tuple[Health, ...]
    """One per provider called in this session."""


class ListModelParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Which models to list."""

    provider: str | None = None
    """Only this provider's."""

    refresh: bool | None = None
    """Requests the list again instead of using the cached one."""

    cached: bool | None = None
    """Answers at once from cached lists of any age, the catalog and the names of the reference documents. Sends no request, runs no command and unlocks no keyring."""

    limit: int | None = None
    """At most this many."""


class ProviderError(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A provider that could not answer."""

    provider: str
    """The provider's id."""

    error: AttemptError
    """Why."""


class ListModelResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Models, and the providers that failed."""

    models: tuple[Model, ...]
    """The models."""

    errors: tuple[ProviderError, ...]
    """The failures beside them."""


class SearchModelParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Which models to find."""

    query: str | None = None
    """Words of the name, the maker or the provider; all must match."""

    provider: str | None = None
    """Only this provider's."""

    requires: tuple[str, ...] | None = None
    """Capabilities it must be known to have: tools, reasoning, vision, image, audio, video, file, json_mode, fim, embeddings, images, moderation."""

    max_input_usd_per_mtok: float | None = None
    """The highest input price, in US dollars per million tokens; models without a known price are left out."""

    sort: str | None = None
    """What to sort by: name, provider, price, context, output. Absent: how well the name matches."""

    limit: int | None = None
    """At most this many."""


class SearchModelResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The models found."""

    models: tuple[Model, ...]
    """Best first."""

    errors: tuple[ProviderError, ...] | None = None
    """The providers that failed; their models come from the catalog."""


class PullModelParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A model to download."""

    provider: str
    """Where."""

    model: str
    """What."""

    work_done_token: str | int | None = None
    """For progress."""


class DeleteModelParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A model to delete."""

    provider: str
    """Where."""

    model: str
    """What."""

    work_done_token: str | int | None = None
    """For progress."""


class CreateCompletionParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What to answer. One of messages and prompt is needed."""

    messages: tuple[Message, ...] | None = None
    """The conversation so far."""

    prompt: str | None = None
    """Short for one user message."""

    model: str | None = None
    """provider/model, an alias in front, or a bare name that only one provider serves; absent: the active connection's. A prefix that is no provider's is unknown_provider, unless the active connection lists exactly this model."""

    provider: str | None = None
    """The provider, where model does not name it."""

    system: str | None = None
    """Instructions, put before the messages."""

    tools: tuple[Tool, ...] | None = None
    """Functions the model may call."""

    tool_choice: str | NamedToolChoice | None = None
    """auto, none, required, or the one tool to call."""

    response_format: ResponseFormat | None = None
    """The form of the answer."""

    parameters: dict[str, Any] | None = None
    """Sampling parameters, by name or alias."""

    fallbacks: tuple[str, ...] | None = None
    """Models to try next when one fails before its first delta."""

    cache: bool | None = None
    """False: nothing is marked for the provider's cache of prompts. Else system text, tools and the last turns are marked where that is needed, so that the next request of a conversation pays for its end only."""

    stream_id: str | None = None
    """Requests completion/update notifications under this name."""

    timeout_ms: int | None = None
    """The time limit of the whole call."""

    work_done_token: str | int | None = None
    """Requests $/progress begin and end under this token, as in LSP."""


class CountTokenParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What to count, as the input of a completion. One of messages and text is needed."""

    model: str | None = None
    """The model whose tokens are counted. Absent: that of the connection in use; without a connection the count is an estimate."""

    messages: tuple[Message, ...] | None = None
    """A conversation."""

    text: str | None = None
    """A text."""

    provider: str | None = None
    """Whose model it is, by id or alias."""

    system: str | None = None
    """Instructions for the model."""

    tools: tuple[Tool, ...] | None = None
    """The tools it may call."""


class CountTokenResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The count."""

    input_tokens: int
    """The tokens of the whole input, with those the provider adds."""

    estimated: bool
    """Whether it is an estimate: by the length of the input where the provider does not count, or by the provider's own word."""


class CreateEmbeddingParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What to embed."""

    input: str | tuple[str, ...]
    """One text or several."""

    model: str | None = None
    """The model. Absent: the provider's usual one, or that of the connection."""

    provider: str | None = None
    """Whose model it is, by id or alias."""

    dimensions: int | None = None
    """The length of the vectors, where the model can shorten them."""

    input_type: EmbeddingInputType | None = None
    """What the texts are embedded for; only for providers that distinguish it."""


class CreateEmbeddingResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A vector per text."""

    embeddings: tuple[tuple[float, ...], ...]
    """In the order of the input."""

    model: str
    """The model that made them."""

    usage: Usage
    """What it used."""

    provider: str | None = None
    """Whose model it is."""


class Image(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A generated image."""

    url: str | None = None
    """Where it can be fetched."""

    data: str | None = None
    """The image, base64."""

    mime_type: str | None = None
    """Its type."""


class CreateImageParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What to draw."""

    prompt: str
    """The description."""

    model: str | None = None
    """The model. Absent: the provider's usual one, or that of the connection."""

    size: str | None = None
    """Width x height in pixels such as 1024x1024, a ratio such as 16:9, or a name of the provider's own. Absent: the provider's default."""

    count: int | None = None
    """How many, from 1 to 10; 1 if absent."""

    provider: str | None = None
    """Whose model it is, by id or alias."""


class CreateImageResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The images."""

    images: tuple[Image, ...]
    """As addresses or as data."""

    usage: Usage
    """What it used."""

    model: str | None = None
    """The model that drew them."""

    provider: str | None = None
    """Whose model it is."""


class CreateModerationParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What to judge."""

    input: str | tuple[str, ...]
    """One text or several."""

    model: str | None = None
    """The model. Absent: the provider's usual one, or that of the connection."""

    provider: str | None = None
    """Whose model it is, by id or alias."""


class Judgement(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The judgement on one text."""

    flagged: bool
    """Whether anything was flagged."""

    categories: dict[str, bool]
    """Per category."""

    scores: dict[str, float]
    """Per category, 0 to 1."""


class CreateModerationResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The judgement on all texts together, and on each."""

    flagged: bool
    """Whether any text was flagged."""

    categories: dict[str, bool]
    """Per category, whether any text is in it."""

    scores: dict[str, float]
    """Per category the highest score of all texts, 0 to 1."""

    results: tuple[Judgement, ...] | None = None
    """A judgement per text, in the order of the input."""

    model: str | None = None
    """The model that judged."""

    provider: str | None = None
    """Whose model it is."""


class SetCredentialParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A key to store in the operating system's keyring."""

    provider: str
    """Its id or an alias."""

    secret: Secret
    """The key."""

    base_url: str | None = None
    """Send it to this address only."""


class DeleteCredentialParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A key to delete."""

    provider: str
    """Its id or an alias."""


class ListCredentialParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """No fields."""


class ListCredentialResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The providers a credential was found for."""

    credentials: tuple[CredentialStatus, ...]
    """One per provider."""


class LoginCredentialParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A log-in to start."""

    provider: str
    """Its id or an alias."""

    work_done_token: str | int | None = None
    """For progress."""


class SummaryUsageParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Which calls to sum."""

    since: str | None = None
    """RFC 3339, inclusive."""

    until: str | None = None
    """RFC 3339, exclusive."""

    group_by: UsageGroupBy | tuple[UsageGroupBy, ...] | None = None
    """How to group; by model when absent. A list groups each group again, such as ["day", "model"]."""

    then_by: UsageGroupBy | None = None
    """An older form of a second name in groupBy; still read."""


class SummaryUsageResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The sums."""

    totals: UsageTotals
    """Over all of them."""

    by_model: dict[str, UsageTotals]
    """Per `provider/model`, most calls first."""

    groups: tuple[UsageGroup, ...]
    """Per group, most calls first; for days, oldest first."""

    last_call: Call | None = None
    """The newest call."""


class SnapshotUsageParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """No fields."""


class DeltaUsageParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Two snapshots."""

    before: UsageTotals
    """The earlier one."""

    after: UsageTotals | None = None
    """The later one; absent: now."""


class HistoryUsageParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Which calls to list."""

    since: str | None = None
    """RFC 3339, inclusive."""

    limit: int | None = None
    """At most this many; 100 when absent."""

    model: str | None = None
    """Only this model's."""


class HistoryUsageResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The calls."""

    calls: tuple[Call, ...]
    """Newest first."""


class CreditsUsageParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Whose credit to look up."""

    provider: str
    """Its id or an alias."""


class CreditBalance(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Money in one currency; an absent number is unknown."""

    currency: str
    """ISO 4217, or the provider's own word."""

    remaining_micros: int | None = None
    """Millionths that are left."""

    total_micros: int | None = None
    """Millionths that were bought or allowed."""

    used_micros: int | None = None
    """Millionths that were spent."""


class CreditsUsageResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The remaining credit, in millionths of a US dollar. An absent number is unknown; for an account in another currency all are absent."""

    remaining_usd_micros: int | None = None
    """Left."""

    total_usd_micros: int | None = None
    """Bought."""

    used_usd_micros: int | None = None
    """Spent."""

    scope: CreditScope | None = None
    """Whose numbers they are; absent: the account's."""

    balances: tuple[CreditBalance, ...] | None = None
    """The same for each currency the account has."""


class DiscoverAgentParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """How to look for agents."""

    level: DiscoverLevel | None = None
    """How far to go; static when absent."""

    timeout_ms: int | None = None
    """For the whole search; 2000 when absent, 180000 at level verify."""

    ids: tuple[str, ...] | None = None
    """Only these, by id or command. A program known by a generic name only is started when it is named here."""

    all: bool | None = None
    """Also known agents that are not installed."""

    refresh: bool | None = None
    """At level verify: starts also agents that answered before and have not changed since. Reads the login shell's search path again."""

    sessions: bool | None = None
    """At level verify: also opens a session with each, which shows a missing log-in and lists the models. Some agents keep such a session in their history."""

    registry: str | None = None
    """First downloads the public registry: latest, or the https address of another copy."""

    stream_id: str | None = None
    """Requests an agent/update notification under this name for each agent, once, as soon as its record is complete at this level. A workDoneToken requests the same, under the token."""

    work_done_token: str | int | None = None
    """For progress."""


class DiscoverAgentResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The agents found."""

    agents: tuple[Agent, ...]
    """Known agents first, in the order of the shipped list."""

    registry: AgentRegistry | None = None
    """The registry copy in use; absent where none was downloaded."""


class ConnectAgentParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The agent to start. One of id and command is needed."""

    id: str | None = None
    """A discovered agent."""

    command: tuple[str, ...] | None = None
    """A command line."""

    cwd: str | None = None
    """The folder it works in."""

    env: dict[str, Secret] | None = None
    """Extra environment."""


class ConnectAgentResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A session with the agent."""

    session_id: str
    """Its name."""

    agent: Agent
    """The agent."""


class PromptAgentParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A prompt for an agent."""

    session_id: str
    """The session."""

    prompt: str | tuple[dict[str, Any], ...]
    """Text or content blocks."""

    stream_id: str | None = None
    """Requests agent/update notifications under this name."""


class PromptAgentResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The agent's answer."""

    stop_reason: str
    """Why it stopped."""

    text: str
    """The text of the answer."""

    usage: Usage | None = None
    """What it used."""


class DisconnectAgentParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The session to end."""

    session_id: str
    """The session."""


class RunDiagnosticsParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """No fields."""


class RunDiagnosticsResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The checks."""

    checks: tuple[Check, ...]
    """In a fixed order."""


class CompletionUpdateParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A delta of a streamed answer."""

    stream_id: str
    """The name the client chose."""

    seq: int
    """Rises by 1 from 0."""

    update: CompletionUpdateKind
    """The update."""


class ProviderUpdateParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An item that a request about providers has found."""

    stream_id: str
    """The name the client chose."""

    seq: int
    """Rises by 1 from 0."""

    update: ProviderUpdateKind
    """The update."""


class ServerUpdate(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, tag_field="kind", tag="server"):
    """A model server that answered."""

    server: LocalServer
    """The record that the reply will hold."""


class AgentUpdateParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A delta of an agent's turn, or an agent that was found."""

    stream_id: str
    """The name the client chose."""

    seq: int
    """Rises by 1 from 0."""

    update: dict[str, Any]
    """The agent protocol's own update; while agent/discover runs, {kind: "agent", agent: Agent}."""


class UsageUpdatedParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A call was recorded."""

    call: Call
    """The call, also a failed or cancelled one."""

    stream_id: str | None = None
    """The stream of the call, where it had one: it identifies the call for a client that does not see the reply."""


class StatusChangedParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The activity of the server."""

    kind: str
    """normal, warning or error."""

    busy: bool
    """Whether a call is under way."""

    message: str | None = None
    """What to show."""


class RequestPermissionAgentParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An agent asks for permission."""

    session_id: str
    """The session."""

    request: dict[str, Any]
    """The agent protocol's own request."""


class RequestPermissionAgentResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The decision."""

    outcome: dict[str, Any]
    """The agent protocol's own outcome."""


Part = TextPart | ImagePart
"""A part of a message."""


CompletionUpdateKind = TextUpdate | ReasoningUpdate | ToolCallUpdate | AttemptUpdate
"""What an update carries."""


ProviderUpdateKind = ServerUpdate
"""What a provider update carries."""
