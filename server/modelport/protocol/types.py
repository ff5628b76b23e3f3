"""The values that cross the wire: frozen structs, camelCase outside, snake_case here.

Generated from ``protocol/model.json`` by ``protocol/generate.py``; do not edit.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from modelport.protocol.secret import Secret

Whole = Annotated[int, Meta(ge=-9007199254740991, le=9007199254740991)]
"""A whole number that every language holds exactly. Source: RFC 8259, 6."""

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

CircuitState = Literal[
    "open",
    "halfOpen",
]
"""Whether calls are kept away from what has failed."""

KeyState = Literal[
    "refused",
    "resting",
]
"""Why a key is not used."""

Dialect = Literal[
    "openai_chat",
    "openai_responses",
    "openai_completions",
    "anthropic_messages",
    "gemini",
    "ollama",
    "bedrock_converse",
    "cohere_chat",
    "opencode",
    "mock",
]
"""A wire format: how a completion is requested and streamed."""

CredentialSource = Literal[
    "keyring",
    "environment",
    "command",
    "client",
    "file",
    "session",
    "none",
    "notRequired",
]
"""Where a credential was found."""

CredentialStoreId = Literal[
    "keyring",
    "client",
    "file",
    "session",
]
"""A place where keys are stored."""

CredentialStoreState = Literal[
    "available",
    "locked",
    "unavailable",
    "disabled",
]
"""Whether a credential store can be used."""

LoginMethod = Literal[
    "device",
    "code",
]
"""The way of a log-in."""

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
    "budget",
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
    "role",
    "costSource",
    "day",
]
"""What usage is grouped by."""

CostSource = Literal[
    "reported",
    "user",
    "list",
    "catalog",
]
"""Where the price of a call is from."""

CompletionRole = Literal[
    "chat",
    "inline",
    "next_edit",
    "agent",
    "small",
]
"""What a completion is for."""

CallOutcome = Literal[
    "ok",
    "failed",
    "cancelled",
]
"""How a recorded call ended."""

BudgetPeriod = Literal[
    "day",
    "week",
    "month",
    "session",
]
"""The time after which a budget begins anew."""

BudgetAction = Literal[
    "refuse",
    "warn",
]
"""What a budget does with a call that may exceed it."""

BudgetState = Literal[
    "ok",
    "warned",
    "exceeded",
]
"""How far a budget is used up."""

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
    "json_object",
    "jsonObject",
    "json_schema",
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

Resolution = Literal[
    "automatic",
    "explicit",
]
"""Whether a request may leave its provider to the server."""

ResolutionStep = Literal[
    "request",
    "connection",
    "catalog",
    "maker",
    "activeConnection",
    "defaultModel",
    "chain",
    "credential",
    "localServer",
]
"""How the provider of a request was found."""

ErrorKind = Literal[
    "auth_required",
    "auth_rejected",
    "keyring_unavailable",
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

ModelSort = Literal[
    "name",
    "provider",
    "price",
    "context",
    "output",
]
"""What a search is sorted by. A retired model, and one whose value is unknown, comes last."""

ModelRequirement = Literal[
    "tools",
    "reasoning",
    "vision",
    "image",
    "audio",
    "video",
    "file",
    "json_mode",
    "fim",
    "embeddings",
    "images",
    "moderation",
]
"""What a model must be known to do."""

StatusKind = Literal[
    "normal",
    "warning",
    "error",
]
"""How the server is."""

ToolChoiceMode = Literal[
    "auto",
    "none",
    "required",
]
"""Whether the model calls tools."""

PackageEcosystem = Literal[
    "npm",
    "pypi",
]
"""Where a package comes from."""


class Empty(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """No fields."""


class Provider(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A known provider."""

    id: str
    """The provider's name in every request."""

    display_name: str
    """The name to show."""

    description: str | None = None
    """What it is, what it can do and what it needs, in a sentence for a list."""

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
    """Whether it needs a key: true where no request is answered without one."""

    login_methods: tuple[LoginMethod, ...] | None = None
    """The ways of credential/login, the usual one first; absent: it has none."""

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

    installed: bool | None = None
    """Whether the program that serves it is on this machine, to be started by the first call; absent where it needs none."""

    reports_credits: bool | None = None
    """True where usage/credits can ask it for the credit of its account; absent otherwise."""

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

    name: str
    """The name of the connection; the provider's id where it was given none."""

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
    """The health of a provider, or of one of its connections: its calls in this session, and what rests for all editors of the user."""

    provider: str
    """The provider's id."""

    connection: str | None = None
    """The name of the connection, where it has one of its own."""

    ok: bool
    """Whether its last call succeeded."""

    calls: Whole
    """Calls in this session."""

    failures: Whole
    """Failed calls in this session."""

    last_error: AttemptError | None = None
    """The last failure."""

    last_latency_ms: float | None = None
    """How long the last call took."""

    circuits: tuple[Circuit, ...] | None = None
    """What of it is not called for a while since calls failed, in this editor or another one; absent: nothing."""


class Circuit(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A part of a provider that rests, since calls failed. All editors of the user share it."""

    state: CircuitState
    """Whether calls are kept away, or the next one tries."""

    base_url: str
    """The address that failed."""

    model: str | None = None
    """The model that rests; absent: all of the provider."""

    one_key: bool
    """Whether one key rests; false: all of the provider."""

    background: bool
    """Whether only calls rest that no person waits for."""

    until: str
    """When it ends: RFC 3339, UTC."""

    retry_after_ms: Whole
    """How long that is from now; 0 where the next call tries."""

    error: AttemptError
    """The failure."""

    failures: Whole
    """How many there were in a row."""

    client: str | None = None
    """The editor or program whose call failed."""


class CredentialStatus(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What is known about a provider's credential; never the credential."""

    provider: str
    """The provider's id."""

    name: str | None = None
    """The name of the connection that it is stored for, where it is not the provider's."""

    source: CredentialSource
    """Where it was found."""

    location: str | None = None
    """The variable, keyring entry or file, by name."""

    last4: str | None = None
    """Its last four characters, where it is long enough to show them; absent while the keyring that holds it is locked."""

    logged_in: bool | None = None
    """Whether a log-in of Modelport has stored it; absent: no."""

    base_url: str | None = None
    """The only address it is sent to, where it is bound to one."""

    hint: str | None = None
    """What looks wrong about the key, in a sentence for people. It is used all the same."""

    more_keys: tuple[CredentialKey, ...] | None = None
    """Further keys of the same source, in the order in which they are used when the one before fails; absent: none."""

    health: KeyHealth | None = None
    """What keeps the key from being used; only in credential/list, absent: nothing."""

    last_used_at: str | None = None
    """When the key was last sent with a call: RFC 3339, UTC; only in credential/list, absent: never, or that is not known."""

    others: tuple[CredentialKey, ...] | None = None
    """Keys of the provider that are not used while this one is there, in the order in which they would be; only in credential/list and from credential/delete with everywhere, absent: none."""


class CredentialKey(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Another key of a provider; never the key."""

    source: CredentialSource | None = None
    """Where it was found, if not where the status says."""

    location: str | None = None
    """The variable or keyring entry, by name."""

    last4: str | None = None
    """Its last four characters, where it is long enough to show them."""

    base_url: str | None = None
    """The only address it is sent to, if not the one that the status says."""

    health: KeyHealth | None = None
    """What keeps the key from being used; only in credential/list, absent: nothing."""

    last_used_at: str | None = None
    """When the key was last sent with a call: RFC 3339, UTC; only in credential/list, absent: never, or that is not known."""


class CredentialStoreStatus(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A place where keys are stored, and whether it can be used."""

    id: CredentialStoreId
    """Which of them."""

    state: CredentialStoreState
    """Whether it can be used."""

    name: str
    """What it is called, such as the name of the keyring or of the file."""

    detail: str
    """Why it is in this state, as a sentence."""

    action: str | None = None
    """What to do about it; absent where nothing needs to be done."""


class KeyHealth(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Why a key is not used for a while. All editors of the user share it."""

    state: KeyState
    """Whether the provider refused the key, or it rests for another reason."""

    until: str | None = None
    """When it is tried again: RFC 3339, UTC; absent: by the next call."""

    model: str | None = None
    """The model it is not used for; absent: all of the provider."""

    error: AttemptError
    """The failure."""


class KeyCheck(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the check of one key found."""

    provider: str
    """The provider's id."""

    name: str | None = None
    """The name of the connection that it is stored for, where it is not the provider's."""

    source: CredentialSource
    """Where the key was found."""

    location: str | None = None
    """The variable, keyring entry or file, by name."""

    last4: str | None = None
    """Its last four characters, where it is long enough to show them."""

    ok: bool | None = None
    """Whether the provider takes the key; absent: it cannot be asked without a call that costs."""

    error: AttemptError | None = None
    """Why not; absent where ok is true or absent."""

    latency_ms: float | None = None
    """How long the answer took; absent where nothing was asked."""


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

    connection: str | None = None
    """The name of the connection that has it, where that has one of its own: a call then takes connection/id."""

    display_name: str | None = None
    """The name to show."""

    description: str | None = None
    """What the provider says of it, shortened to 500 characters."""

    context_window: Whole | None = None
    """Tokens of input and output together."""

    max_output_tokens: Whole | None = None
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

    size_bytes: Whole | None = None
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
    """The arguments, where they are a JSON object. Open: what the parameters of the tool describe."""

    arguments_text: str | None = None
    """The arguments as the model wrote them, where they are not a JSON object. A client sends them back unchanged."""


class Message(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One turn of a conversation."""

    role: Role
    """Who speaks."""

    content: str | tuple[Part, ...] | None = None
    """The text or parts of the message. Optional in an assistant message that has toolCalls."""

    tool_calls: tuple[ToolCall, ...] | None = None
    """The tool calls of an assistant message, as the completion had them."""

    tool_call_id: str | None = None
    """The call that a tool message answers."""

    provider_state: dict[str, Any] | None = None
    """Of an assistant message: the providerState of the completion it came from, unchanged. Another provider ignores it. Open: opaque, with whatever fields the provider needs."""


class TextPart(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, tag_field="type", tag="text"):
    """Text."""

    text: str
    """The text."""


class ImagePart(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, tag_field="type", tag="image"):
    """An image, as an address or as data: one of url and data."""

    url: str | None = None
    """An http or https address, or a data URL. The provider fetches an address, the server never does; an address that a file: URL names is refused."""

    data: str | None = None
    """The image, base64, in place of url; both together are an error."""

    mime_type: str | None = None
    """Its type, such as image/png. Needed only where the first bytes of the data do not tell it, which count before this field; unknown: image/png."""


class Tool(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A function the model may call."""

    name: str
    """Its name."""

    description: str | None = None
    """What it does, for the model."""

    parameters: dict[str, Any] | None = None
    """JSON Schema of its arguments. Open: any keywords of JSON Schema."""


class NamedToolChoice(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The one tool the model must call."""

    name: str
    """The tool."""


class ResponseFormat(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The form the answer must have."""

    type: ResponseFormatType
    """The form."""

    schema: dict[str, Any] | None = None
    """JSON Schema, for jsonSchema. Open: any keywords of JSON Schema."""

    name: str | None = None
    """A name for the schema."""

    strict: bool | None = None
    """Whether the provider must enforce the schema."""

    json_schema: NestedSchema | None = None
    """The schema with its name, nested as OpenAI has it. The fields beside it count before its own."""


class NestedSchema(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A JSON Schema for the answer, in OpenAI's form."""

    name: str | None = None
    """A name for the schema."""

    schema: dict[str, Any] | None = None
    """JSON Schema. Open: any keywords of JSON Schema."""

    strict: bool | None = None
    """Whether the provider must enforce the schema."""


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

    skipped: bool | None = None
    """True: nothing was sent, so the attempt is no call and has no row in the ledger; error says why, such as a provider that is still to be left alone, a model without tools or a context window that is too small. Absent: it was called."""

    error: AttemptError | None = None
    """Why it failed."""

    latency_ms: float
    """How long it took."""

    resolved_by: ResolutionStep | None = None
    """How its provider was found."""

    reason: str | None = None
    """Why it is this provider, for a person. Absent where the request names it."""


class Usage(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The tokens, time and cost of a call. Input counts all input, cached included; output all output, reasoning included, whatever the vendor's own definition."""

    input_tokens: Whole
    """All input tokens."""

    output_tokens: Whole
    """All output tokens."""

    cache_read_tokens: Whole | None = None
    """Input read from the provider's cache."""

    cache_write_tokens: Whole | None = None
    """Input written to the provider's cache."""

    reasoning_tokens: Whole | None = None
    """Output spent on reasoning."""

    latency_ms: float
    """From the request to the last byte."""

    time_to_first_token_ms: float | None = None
    """From the request to the first delta."""

    usd_micros: Whole | None
    """Millionths of a US dollar, rounded once per call, a half to the even neighbour; 0 for local providers, null where the price is not known or a plan pays."""

    cost_source: CostSource | None = None
    """Where the price is from; absent where there is none, and for local providers."""

    cost_estimated: bool | None = None
    """True where the cost follows from estimated counts, or leaves out a part that no answer tells or that has another price; absent otherwise."""

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
    """State the provider needs back with this turn, such as signed reasoning: opaque, to be sent unchanged in the assistant message. Open: opaque, with whatever fields the provider needs."""

    usage: Usage
    """What it used."""

    attempts: tuple[Attempt, ...]
    """Every attempt, in order, those that were skipped included; the last one gave the answer."""

    notes: tuple[str, ...] | None = None
    """What was left out of the request since it has no effect here, such as a context length, in sentences for people."""

    resolved_by: ResolutionStep | None = None
    """How the provider that answered was found."""


class UsageTotals(Struct, frozen=True, kw_only=True, rename="camel"):
    """Usage added up."""

    total_calls: Whole = 0
    """Calls, failed and cancelled ones included."""

    failed_calls: Whole = 0
    """Calls that failed."""

    cancelled_calls: Whole = 0
    """Calls that were stopped before their end."""

    input_tokens: Whole = 0
    """All input tokens."""

    output_tokens: Whole = 0
    """All output tokens."""

    cache_read_tokens: Whole = 0
    """Input read from caches."""

    cache_write_tokens: Whole = 0
    """Input written to caches."""

    reasoning_tokens: Whole = 0
    """Output spent on reasoning."""

    usd_micros: Whole = 0
    """Millionths of a US dollar, over the calls whose price is known."""

    unpriced_calls: Whole = 0
    """Calls whose price is not known."""

    estimated_calls: Whole = 0
    """Calls whose cost is an estimate, as `costEstimated` of their usage says."""


class UsageGroup(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Totals of one group."""

    key: str
    """The model, provider, client, project or day."""

    totals: UsageTotals
    """Its totals."""

    groups: tuple[UsageGroup, ...] | None = None
    """Its groups by the next name of groupBy, in the same order; present when groupBy has one."""


class Call(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One recorded call: one request to a provider, with any outcome."""

    id: Whole
    """Rises with time within one ledger; 0 while the call waits to be written into it, for instance because another program holds its lock."""

    started_at: str
    """RFC 3339, UTC."""

    provider: str
    """The provider's id."""

    model: str
    """The model."""

    answered_model: str | None = None
    """The model that answered in the provider's own words, where that is another name."""

    service_tier: str | None = None
    """In which of its service tiers the provider says it has answered."""

    client: str | None = None
    """The editor or program that made the call: clientInfo.name of initialize, at most 100 characters."""

    project: str | None = None
    """The workspace the client works in: the name of the first of workspaceFolders of initialize, else the last part of rootUri or rootPath."""

    role: CompletionRole | None = None
    """What the completion was for; absent for calls that are none, such as embeddings."""

    session: str | None = None
    """Which run of the client it was part of: equal for all calls of one, and for no other."""

    attempt_of: Whole | None = None
    """The id of the first call that was made for the same request; absent for that one itself."""

    outcome: CallOutcome
    """How it ended."""

    error_kind: ErrorKind | None = None
    """Why it failed."""

    finish_reason: FinishReason | None = None
    """Why the model stopped."""

    usage: Usage
    """What it used."""


class BudgetScope(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Which calls a budget counts: those for which every field fits that is there."""

    provider: str | None = None
    """The provider's id."""

    model: str | None = None
    """The model, with or without its provider in front; * stands for any text."""

    project: str | None = None
    """The workspace; * stands for any text."""

    client: str | None = None
    """The editor or program; * stands for any text."""

    role: CompletionRole | None = None
    """What the completion is for."""


class BudgetStatus(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A budget of the configuration file in its present period, over all editors on this machine."""

    name: str
    """Its name in the file."""

    period: BudgetPeriod
    """When it begins anew."""

    limit_usd_micros: Whole
    """The limit in force, in millionths of a US dollar, with what it is raised by."""

    spent_usd_micros: Whole
    """What calls of the period cost."""

    reserved_usd_micros: Whole
    """What the calls under way may cost at most."""

    fraction: float
    """The part of the limit that is spent: 1 is all of it."""

    unpriced_calls: Whole
    """Calls of the period whose price is not known; they are in no sum."""

    action: BudgetAction
    """What it does with a call that may exceed it."""

    warn_at: float
    """The part of the limit from which on there is a warning."""

    scope: BudgetScope
    """Which calls it counts."""

    state: BudgetState
    """How far it is used up."""

    resets_at: str | None = None
    """When its next period begins, RFC 3339; absent for a session."""

    raised_until: str | None = None
    """Until when the limit is raised, RFC 3339; absent where it is not."""


class BudgetRefusal(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The budget that a call does not fit into. Amounts are in millionths of a US dollar."""

    name: str
    """Its name in the configuration file."""

    limit_usd_micros: Whole
    """The limit in force."""

    spent_usd_micros: Whole | None = None
    """What calls of the period cost; absent where the ledger did not say."""

    reserved_usd_micros: Whole | None = None
    """What the calls under way may cost at most; absent where the ledger did not say."""

    estimate_usd_micros: Whole | None = None
    """What the refused call may cost; absent where its price is not known."""

    resets_at: str | None = None
    """When the next period begins, RFC 3339; absent for a session."""


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

    pid: Whole | None = None
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

    protocol_version: Whole | str | None = None
    """The protocol version it answered with."""

    agent_info: dict[str, Any] | None = None
    """Its name and version, as it reports them. Open: the Implementation of the Agent Client Protocol, as the agent sends it."""

    capabilities: dict[str, Any] | None = None
    """The capabilities it reports. Open: the AgentCapabilities of the Agent Client Protocol, as the agent sends them."""

    auth_methods: tuple[dict[str, Any], ...] | None = None
    """The ways to log in that it offers. Open: the AuthMethod of the Agent Client Protocol, as the agent sends it."""

    models: tuple[str, ...] | None = None
    """The models it offers, where a session was opened."""

    latency_ms: float | None = None
    """How long the answer took, its start included."""

    stdout_noise: Whole | None = None
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

    ecosystem: PackageEcosystem
    """Where the package comes from."""

    package: str
    """Its name there."""

    version: str | None = None
    """Its version."""


class AgentProcess(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A running agent."""

    pid: Whole
    """Its process."""

    parent: str | None = None
    """The program that started it."""

    parent_pid: Whole | None = None
    """That program's process."""


class AgentRegistry(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The copy of the public registry that was used besides what ships with Modelport."""

    url: str
    """Where it came from."""

    fetched_at: str
    """When, RFC 3339."""

    agent_count: Whole
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
    """The model concerned; absent where none is known."""

    field: str | None = None
    """The parameter at fault, by its path in params: names with dots, positions from 0 in brackets, such as messages[0].content[1].type. A mistake that lies between several of them has the path of what holds them, such as messages."""

    http_status: Whole | None = None
    """The provider's HTTP status."""

    retry_after_ms: Whole | None = None
    """How long to wait before another attempt."""

    retryable: bool | None = None
    """Whether the same request may succeed later. Absent where the request itself is wrong."""

    action: str | None = None
    """What to do next."""

    request_id: str | None = None
    """The provider's own id of the request."""

    log_id: str | None = None
    """Where to look in the log."""

    budget: BudgetRefusal | None = None
    """With the kind budget_exceeded, the budget that refused."""

    text: str | None = None
    """The part of the answer that had arrived before the failure: present with any kind if there was one, except where the server was stopped."""

    reasoning: str | None = None
    """The part of the reasoning that had arrived before the failure."""

    usage: Usage | None = None
    """What the failed call used; absent where nothing was sent."""

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

    index: Whole
    """Which call, from 0."""

    id: str | None = None
    """Its id."""

    name: str | None = None
    """Its tool."""

    arguments_delta: str
    """To append to the JSON text of the arguments."""


class AttemptUpdate(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, tag_field="kind", tag="attempt"):
    """An attempt failed, and the same or another provider is tried."""

    provider: str
    """The provider that failed."""

    model: str
    """Its model."""

    reason: ErrorKind
    """Why."""


class ResetUpdate(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, tag_field="kind", tag="reset"):
    """The answer begins again: what the updates before this one carried is not part of it. Sent only where config.toml says after_commit = "restart" or "continue", and never to a request with resets false."""


class ListProviderParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Which providers to list."""

    connection_type: ConnectionType | None = None
    """Only these."""

    category: str | None = None
    """Only these, in any case."""

    configured_only: bool | None = None
    """Only those that can be used now: a credential was found, or none is needed, and the program that serves it is on this machine."""


class ListProviderResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Providers in the registry's order."""

    providers: tuple[Provider, ...]
    """The providers."""


class DiscoverProviderParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """How to look for local servers."""

    timeout_ms: Whole | None = None
    """The time limit of the whole search."""

    providers: tuple[str, ...] | None = None
    """Only these, by id or alias."""

    ports: tuple[Whole, ...] | None = None
    """Only these, in place of all others."""

    stream_id: str | None = None
    """Requests a provider/update notification under this name for each server, as soon as it is known."""

    work_done_token: str | Whole | None = None
    """Requests $/progress under this token: a report for each server."""


class DiscoverProviderResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The servers that answered."""

    servers: tuple[LocalServer, ...]
    """One per address, in the order of the rows that identify them."""


class ConnectProviderParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What to connect to. One of provider and model is needed."""

    provider: str | None = None
    """Its id or an alias. openai-compatible, with baseUrl, is an endpoint of the user's own that speaks OpenAI's format and has no row."""

    name: str | None = None
    """The name of the connection, for a second one to the same provider, such as another server of its kind or another account. A call of a model then takes name/model, or the name as its provider; lists of models have those of each connection. Absent: the provider's id. Letters, digits, dots, hyphens and underscores; no other provider's name."""

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

    timeout_ms: Whole | None = None
    """The idle timeout of every later call to this provider: how long it may send nothing. Absent: 300000 before the first delta of an answer, then 30000 between deltas, or 300000 where tools are offered or the provider is on the own network. The time limit of a whole call is timeoutMs of completion/create."""

    verify_tls: bool | None = None
    """false accepts any certificate."""

    verify: bool | None = None
    """false connects without a request and without a password prompt: a locked keyring is not unlocked, and the command that prints the key not run, before the first call."""

    keep_overrides: bool | None = None
    """true keeps the overrides of the existing connection that this request leaves out, its key included; none is kept where baseUrl is another address."""


class DisconnectProviderParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What to disconnect."""

    provider: str | None = None
    """The name of a connection, or a provider: then the connection without a name of its own. Absent: all of them."""


class StatusProviderParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """No fields."""


class StatusProviderResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """This session's connections."""

    active: Connection | None
    """The connection used when a request names no model."""

    connections: tuple[Connection, ...]
    """All of them, oldest first."""

    health: tuple[Health, ...]
    """One per connection called in this session, or per provider where it was called without one, then one per other provider of which something rests."""


class ListModelParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Which models to list."""

    provider: str | None = None
    """Only this provider's, or those of the connection of this name."""

    refresh: bool | None = None
    """Requests the list again instead of using the cached one."""

    cached: bool | None = None
    """Answers at once from cached lists of any age, the catalog and the names of the reference documents. Sends no request, runs no command and unlocks no keyring."""

    limit: Whole | None = None
    """At most this many."""


class ProviderError(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A provider that could not answer."""

    provider: str
    """The provider's id."""

    connection: str | None = None
    """The name of the connection, where it has one of its own."""

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
    """Words of the name, the maker, the provider, the description or what the model can do; all must match."""

    provider: str | None = None
    """Only this provider's."""

    vendor: str | None = None
    """Only models of this maker, whoever serves them: a provider's name such as openai, or what stands in front of the model's own name."""

    requires: tuple[ModelRequirement, ...] | None = None
    """What it must be known to do: all of these."""

    max_input_usd_per_mtok: float | None = None
    """The highest input price, in US dollars per million tokens; models without a known price are left out."""

    sort: ModelSort | None = None
    """What to sort by; absent: how well the name matches."""

    limit: Whole | None = None
    """At most this many."""


class SearchModelResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The models found."""

    models: tuple[Model, ...]
    """Best first."""

    errors: tuple[ProviderError, ...] | None = None
    """The providers that failed; their models come from the catalog."""

    suggestions: tuple[str, ...] | None = None
    """Where no model matches: the names nearest to the words, as provider/model."""


class PullModelParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A model to download."""

    provider: str
    """Where."""

    model: str
    """What."""

    work_done_token: str | Whole | None = None
    """Requests $/progress under this token: reports in percent and bytes."""


class DeleteModelParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A model to delete."""

    provider: str
    """Where."""

    model: str
    """What."""

    work_done_token: str | Whole | None = None
    """Requests $/progress under this token: begin and end."""


class CreateCompletionParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What to answer. One of messages and prompt is needed."""

    messages: tuple[Message, ...] | None = None
    """The conversation so far."""

    prompt: str | None = None
    """Short for one user message."""

    model: str | None = None
    """provider/model, an alias in front, a bare name, or chain/NAME for a chain of config.toml; absent: the server decides. The steps are listed above."""

    provider: str | None = None
    """The provider, where model does not name it."""

    resolution: Resolution | None = None
    """explicit: nothing is asked but a provider that the request names. The stricter of this and of config.toml counts; absent: that of config.toml."""

    system: str | None = None
    """Instructions, put before the messages."""

    tools: tuple[Tool, ...] | None = None
    """Functions the model may call."""

    tool_choice: ToolChoiceMode | NamedToolChoice | None = None
    """Whether it must call tools, or the one tool that it must call."""

    response_format: ResponseFormat | None = None
    """The form of the answer."""

    parameters: dict[str, Any] | None = None
    """Sampling parameters, by name or alias. A name that is not in the table below is an error, not ignored; so is one that the provider or the model does not take, except a context length, which is left out and named in notes of the result. Open: the names of the table of sampling parameters, which a minor version may extend."""

    fallbacks: tuple[str, ...] | None = None
    """Models to try next when one fails before its first delta, before those of the chain in config.toml that goes with role. An empty list: no others are tried, not those of the chain either. With resolution explicit no chain is added."""

    cache: bool | None = None
    """False: nothing is marked for the provider's cache of prompts. Else system text, tools and the last turns are marked where that is needed, so that the next request of a conversation pays for its end only."""

    role: CompletionRole | None = None
    """What the completion is for. It is kept with the call in the ledger, and chains, budgets and cooled-down providers may differ by it."""

    stream_id: str | None = None
    """Requests completion/update notifications under this name. No two requests in flight may have the same: the later one is refused with -32602."""

    resets: bool | None = None
    """False: the client cannot take back deltas, so that an answer which has begun is never begun again; no reset update is sent."""

    timeout_ms: Whole | None = None
    """The time limit of the whole call, its fallbacks and waits included; absent: other targets are tried for two minutes, and the last one may take as long as its provider may send nothing, which is timeoutMs of provider/connect."""

    work_done_token: str | Whole | None = None
    """Requests $/progress under this token."""


class CountTokenParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What to count, as the input of a completion. One of messages and text is needed."""

    model: str | None = None
    """The model whose tokens are counted. Absent: that of the connection in use or of default_model; without either the count is an estimate."""

    messages: tuple[Message, ...] | None = None
    """A conversation."""

    text: str | None = None
    """A text."""

    provider: str | None = None
    """Whose model it is, by id or alias."""

    resolution: Resolution | None = None
    """As in completion/create."""

    system: str | None = None
    """Instructions for the model."""

    tools: tuple[Tool, ...] | None = None
    """The tools it may call."""


class CountTokenResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The count."""

    input_tokens: Whole
    """The tokens of the whole input, with those the provider adds."""

    estimated: bool
    """Whether it is an estimate: by the length of the input where the provider does not count, or by the provider's own word."""


class CreateEmbeddingParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What to embed."""

    input: str | tuple[str, ...]
    """One text or several."""

    model: str | None = None
    """The model. Absent: the provider's usual one, or that of the connection."""

    resolution: Resolution | None = None
    """As in completion/create."""

    provider: str | None = None
    """Whose model it is, by id or alias."""

    dimensions: Whole | None = None
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

    resolution: Resolution | None = None
    """As in completion/create."""

    size: str | None = None
    """Width x height in pixels such as 1024x1024, a ratio such as 16:9, or a name of the provider's own. Absent: the provider's default."""

    count: Whole | None = None
    """How many."""

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

    resolution: Resolution | None = None
    """As in completion/create."""

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
    """A key to store."""

    provider: str
    """Its id or an alias."""

    name: str | None = None
    """The name of the connection whose key it is, for a second account; it is then used before every other key. Absent: the provider's."""

    secret: Secret
    """The key."""

    base_url: str | None = None
    """Send it to this address only."""

    add: bool | None = None
    """Whether to keep the stored keys and put this one behind them, to be used when those fail. Absent or false: it takes their place."""

    store: CredentialStoreId | None = None
    """Where to store it: keyring, client or file. Absent: where the provider's key is stored now, else in the keyring, and where there is none, in the client's vault; never in a file of its own accord."""


class DeleteCredentialParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A key to delete, or all of a provider."""

    provider: str
    """Its id or an alias."""

    name: str | None = None
    """The name of the connection whose key it is. Absent: the provider's."""

    everywhere: bool | None = None
    """Whether to delete the provider's key and those of all its connections, in every store; name must be absent then. Absent or false: the one key."""


class ListCredentialParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """No fields."""


class ListCredentialResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The providers a credential was found for."""

    credentials: tuple[CredentialStatus, ...]
    """One per provider, and one per key that is stored for a connection."""

    stores: tuple[CredentialStoreStatus, ...] | None = None
    """The places where keys are stored, in the order in which they are read. A locked one is not unlocked for it."""


class TestCredentialParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The keys to check."""

    provider: str | None = None
    """Its id or an alias: the provider's own keys and those of its connections. Absent: the keys of all providers."""

    name: str | None = None
    """Only the key that is stored for this connection; provider must be given."""


class TestCredentialResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the checks found."""

    results: tuple[KeyCheck, ...]
    """One per key, in the order of credential/list."""


class StoreCredentialParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A text for the client's vault."""

    provider: str
    """The provider's id."""

    name: str | None = None
    """The name of the connection, in small letters; absent: the provider's own. Provider and name together are the key of the vault's entry."""

    secret: str
    """The text: opaque to the client, on one line, and as secret as a key."""


class LoadCredentialParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Which text to read."""

    provider: str
    """The provider's id."""

    name: str | None = None
    """The name of the connection, in small letters; absent: the provider's own. Provider and name together are the key of the vault's entry."""


class LoadCredentialResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the client's vault holds."""

    secret: str | None
    """The text as it was stored; null where there is none."""


class RemoveCredentialParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Which text to delete."""

    provider: str
    """The provider's id."""

    name: str | None = None
    """The name of the connection, in small letters; absent: the provider's own. Provider and name together are the key of the vault's entry."""


class LoginCredentialParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A log-in to start."""

    provider: str
    """Its id or an alias."""

    method: LoginMethod | None = None
    """The way to log in. Absent: the provider's first."""

    name: str | None = None
    """The name of the connection that it is for, such as one to a second account. Absent: the provider's."""

    store: CredentialStoreId | None = None
    """Where to keep what it gives; absent: as for a key of credential/set."""

    work_done_token: str | Whole | None = None
    """For progress."""


class InputCredentialParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the page of a log-in shows."""

    provider: str
    """Its id or an alias."""

    name: str | None = None
    """The name of the connection that the log-in is for. Absent: the provider's."""

    text: Secret
    """The whole address, or the code in it."""


class LogoutCredentialParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A log-in to end."""

    provider: str
    """Its id or an alias."""

    name: str | None = None
    """The name of the connection that it is for. Absent: the provider's."""


class CredentialUpdateParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the user has to do for a log-in."""

    provider: str
    """The provider's id."""

    name: str | None = None
    """The name of the connection that it is for, where it is not the provider's."""

    user_code: str | None = None
    """The code to enter; absent where there is none."""

    verification_uri: str
    """The address to open, http or https."""

    expires_at: str
    """The end of the log-in, RFC 3339, UTC."""

    notice: str | None = None
    """What the user is to know before, such as the end of the service."""


class SummaryUsageParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Which calls to sum."""

    since: str | None = None
    """A time as in RFC 3339, inclusive; a date alone is its midnight, and a time without an offset is UTC."""

    until: str | None = None
    """A time in the same form, exclusive."""

    group_by: UsageGroupBy | tuple[UsageGroupBy, ...] | None = None
    """How to group. A list groups each group again, such as ["day", "model"]."""

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
    """A time as in RFC 3339, inclusive; a date alone is its midnight, and a time without an offset is UTC."""

    until: str | None = None
    """A time in the same form, exclusive."""

    limit: Whole | None = None
    """At most this many."""

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

    remaining_micros: Whole | None = None
    """Millionths that are left."""

    total_micros: Whole | None = None
    """Millionths that were bought or allowed."""

    used_micros: Whole | None = None
    """Millionths that were spent."""


class CreditsUsageResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The remaining credit, in millionths of a US dollar. An absent number is unknown; for an account in another currency all are absent."""

    remaining_usd_micros: Whole | None = None
    """Left."""

    total_usd_micros: Whole | None = None
    """Bought."""

    used_usd_micros: Whole | None = None
    """Spent."""

    scope: CreditScope | None = None
    """Whose numbers they are; absent: the account's."""

    balances: tuple[CreditBalance, ...] | None = None
    """The same for each currency the account has."""


class ListBudgetParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """No fields."""


class ListBudgetResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The budgets."""

    budgets: tuple[BudgetStatus, ...]
    """In the order of the configuration file."""


class DiscoverAgentParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """How to look for agents."""

    level: DiscoverLevel | None = None
    """How far to go."""

    timeout_ms: Whole | None = None
    """The time limit of the whole search; absent: 2000, at level verify 180000."""

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
    """Requests an agent/update notification under this name for each agent, once, as soon as its record is complete at this level."""

    work_done_token: str | Whole | None = None
    """Requests $/progress under this token, a report for each agent. Without a streamId it also requests agent/update, with the token as text for a streamId: the token 7 is the streamId "7"."""


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
    """Text or content blocks. Open: the ContentBlock of the Agent Client Protocol, where it is a list."""

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

    seq: Whole
    """Rises by 1 from 0 within the request."""

    update: CompletionUpdateKind
    """The update."""


class ProviderUpdateParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An item that a request about providers has found."""

    stream_id: str
    """The name the client chose."""

    seq: Whole
    """Rises by 1 from 0 within the request."""

    update: ProviderUpdateKind
    """The update."""


class ServerUpdate(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, tag_field="kind", tag="server"):
    """A model server that answered."""

    server: LocalServer
    """The record that the reply will hold."""


class AgentFoundUpdate(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, tag_field="kind", tag="agent"):
    """An agent that agent/discover has found."""

    agent: Agent
    """The record that the reply will hold."""


class AgentUpdateParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A delta of an agent's turn, or an agent that was found."""

    stream_id: str
    """The name the client chose."""

    seq: Whole
    """Rises by 1 from 0 within the request."""

    update: dict[str, Any]
    """While agent/discover runs, an agent; in a session, the agent protocol's own update. Open: the SessionUpdate of the Agent Client Protocol, in a session."""


class UsageUpdatedParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A call was recorded."""

    call: Call
    """The call."""

    stream_id: str | None = None
    """The stream of the call, where it had one: it identifies the call for a client that does not see the reply."""

    budgets: tuple[BudgetStatus, ...] | None = None
    """The budgets that came to a further state with this call; absent where none did. Each state is reported once per period, to one client: the one whose call brought it about."""


class StatusChangedParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The activity of the server."""

    kind: StatusKind
    """How the server is."""

    busy: bool
    """Whether anything runs."""

    message: str | None = None
    """What to show while it is busy. Absent when it is not."""


class RequestPermissionAgentParams(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An agent asks for permission."""

    session_id: str
    """The session."""

    request: dict[str, Any]
    """The agent protocol's own request. Open: the RequestPermissionRequest of the Agent Client Protocol, as the agent sends it."""


class RequestPermissionAgentResult(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The decision."""

    outcome: dict[str, Any]
    """The agent protocol's own outcome. Open: the RequestPermissionOutcome of the Agent Client Protocol."""


Part = TextPart | ImagePart
"""A part of a message."""


CompletionUpdateKind = TextUpdate | ReasoningUpdate | ToolCallUpdate | AttemptUpdate | ResetUpdate
"""What an update carries."""


ProviderUpdateKind = ServerUpdate
"""What a provider update carries."""
