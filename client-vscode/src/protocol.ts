// Modelport's protocol. Generated from protocol/model.json by protocol/generate.py; do not edit.

export const PROTOCOL_VERSION = "1.0";

/** How a provider is reached and paid for. */
export type ConnectionType = "local" | "byok" | "oauth" | "cloud";

/** The state of the service. */
export type ProviderStatus = "active" | "renamed" | "retired";

/** Whether calls are kept away from what has failed. */
export type CircuitState = "open" | "halfOpen";

/** Why a key is not used. */
export type KeyState = "refused" | "resting";

/** A wire format: how a completion is requested and streamed. */
export type Dialect = "openai_chat" | "openai_responses" | "openai_completions" | "anthropic_messages" | "gemini" | "ollama" | "bedrock_converse" | "cohere_chat" | "opencode" | "mock";

/** Where a credential was found. */
export type CredentialSource = "keyring" | "environment" | "command" | "client" | "file" | "session" | "none" | "notRequired";

/** A place where keys are stored. */
export type CredentialStoreId = "keyring" | "client" | "file" | "session";

/** Whether a credential store can be used. */
export type CredentialStoreState = "available" | "locked" | "unavailable" | "disabled";

/** The way of a log-in. */
export type LoginMethod = "device" | "code";

/** Where the facts about a model come from. */
export type ModelSource = "live" | "catalog" | "curated";

/** Who speaks in a message. */
export type Role = "system" | "user" | "assistant" | "tool";

/** Why the model stopped. */
export type FinishReason = "stop" | "length" | "toolCalls" | "contentFilter" | "budget" | "other";

/** How an attempt ended. */
export type AttemptOutcome = "ok" | "failed";

/** What usage is grouped by. */
export type UsageGroupBy = "model" | "provider" | "client" | "project" | "role" | "costSource" | "day";

/** Where the price of a call is from. */
export type CostSource = "reported" | "user" | "list" | "catalog";

/** What a completion is for. */
export type CompletionRole = "chat" | "inline" | "next_edit" | "agent" | "small";

/** How a recorded call ended. */
export type CallOutcome = "ok" | "failed" | "cancelled";

/** The time after which a budget begins anew. */
export type BudgetPeriod = "day" | "week" | "month" | "session";

/** What a budget does with a call that may exceed it. */
export type BudgetAction = "refuse" | "warn";

/** How far a budget is used up. */
export type BudgetState = "ok" | "warned" | "exceeded";

/** The result of a diagnostic check. */
export type CheckStatus = "ok" | "warn" | "fail";

/** How far agent discovery goes. */
export type DiscoverLevel = "static" | "probe" | "verify";

/** What is proven about an agent; never a guess. */
export type AgentStatus = "ready" | "auth_required" | "not_configured" | "broken" | "hung" | "stub" | "needs_install" | "unknown";

/** What is known of an agent's log-in. */
export type AgentAuth = "unknown" | "not_required" | "required";

/** How certain it is that a program is the agent and not a namesake. */
export type AgentIdentity = "confirmed" | "name-only" | "mismatch";

/** The protocol an agent or server speaks. */
export type AgentProtocol = "acp" | "beeai-acp" | "a2a" | "opencode" | "lsp" | "other";

/** How an agent is reached. */
export type AgentTransport = "stdio" | "tcp" | "http";

/** The form the answer must have. */
export type ResponseFormatType = "text" | "json" | "jsonSchema" | "json_object" | "jsonObject" | "json_schema";

/** What a text is embedded for. */
export type EmbeddingInputType = "document" | "query";

/** Whose credit it is. */
export type CreditScope = "account" | "key";

/** Whether a request may leave its provider to the server. */
export type Resolution = "automatic" | "explicit";

/** How the provider of a request was found. */
export type ResolutionStep = "request" | "connection" | "catalog" | "maker" | "activeConnection" | "defaultModel" | "chain" | "credential" | "localServer";

/** The reason of a failure, for a program to act on. */
export type ErrorKind = "auth_required" | "auth_rejected" | "keyring_unavailable" | "forbidden" | "rate_limited" | "quota_exhausted" | "budget_exceeded" | "model_not_found" | "context_too_long" | "content_filtered" | "provider_unavailable" | "network" | "tls" | "timeout" | "invalid_response" | "unsupported" | "agent_not_found" | "agent_failed" | "stream_interrupted" | "unknown_provider" | "unknown_model" | "invalid_key_format";

/** What a search is sorted by. A retired model, and one whose value is unknown, comes last. */
export type ModelSort = "name" | "provider" | "price" | "context" | "output";

/** What a model must be known to do. */
export type ModelRequirement = "tools" | "reasoning" | "vision" | "image" | "audio" | "video" | "file" | "json_mode" | "fim" | "embeddings" | "images" | "moderation";

/** How the server is. */
export type StatusKind = "normal" | "warning" | "error";

/** Whether the model calls tools. */
export type ToolChoiceMode = "auto" | "none" | "required";

/** Where a package comes from. */
export type PackageEcosystem = "npm" | "pypi";

/** No fields. */
export type Empty = Record<string, never>;

/** A known provider. */
export interface Provider {
  /** The provider's name in every request. */
  readonly id: string;
  /** The name to show. */
  readonly displayName: string;
  /** What it is, what it can do and what it needs, in a sentence for a list. */
  readonly description?: string;
  /** Other names it is found by, in any case. */
  readonly aliases: readonly string[];
  /** The family of client that serves it. */
  readonly adapter: string;
  /** The wire format it speaks, unless a model or the connection has another. */
  readonly dialect: Dialect;
  /** How it is reached and paid for. */
  readonly connectionType: ConnectionType;
  /** A heading for lists. */
  readonly category: string;
  /** The address of its API; the environment or a connection may override it. */
  readonly baseUrl?: string;
  /** The environment variable that overrides the base URL. */
  readonly baseUrlEnvVar?: string;
  /** The environment variables its key is read from, first match wins. */
  readonly apiKeyEnvVars: readonly string[];
  /** Whether it needs a key: true where no request is answered without one. */
  readonly requiresApiKey: boolean;
  /** The ways of credential/login, the usual one first; absent: it has none. */
  readonly loginMethods?: readonly LoginMethod[];
  /** Whether it can be used free of charge. */
  readonly freeTier?: boolean;
  /** The state of the service. */
  readonly status: ProviderStatus;
  /** A notice about the service, such as a move, an end or a limit. */
  readonly notice?: string;
  /** Its documentation. */
  readonly docsUrl?: string;
  /** The page where a key is created. */
  readonly keyUrl?: string;
  /** The model used when a connection names none. */
  readonly defaultModel?: string;
  /** Models it is known to serve. */
  readonly exampleModels: readonly string[];
  /** What it can do, of chat, fim, embeddings, images, moderation, tools, vision, json_mode. */
  readonly capabilities: readonly string[];
  /** Whether this build speaks its wire format. */
  readonly supported: boolean;
  /** Whether the program that serves it is on this machine, to be started by the first call; absent where it needs none. */
  readonly installed?: boolean;
  /** True where usage/credits can ask it for the credit of its account; absent otherwise. */
  readonly reportsCredits?: boolean;
  /** The credential that would be used now. */
  readonly credential: CredentialStatus;
  /** Whether it is among this session's connections. */
  readonly connected: boolean;
}

/** A model server found on this machine. */
export interface LocalServer {
  /** The provider it was identified as; openai-compatible when it speaks OpenAI's format and fits no other row. */
  readonly provider: string;
  /** Its address, as provider/connect takes it. */
  readonly baseUrl: string;
  /** Its version, where it reports one. */
  readonly version?: string;
  /** The models it offers; empty where it requires a key to list them. */
  readonly models: readonly string[];
  /** The latency of the answer that identified it. */
  readonly latencyMs: number;
  /** The answer that identified it. */
  readonly evidence: string;
}

/** A provider in use by this session, with the overrides it was given. */
export interface Connection {
  /** The provider's id. */
  readonly provider: string;
  /** The name of the connection; the provider's id where it was given none. */
  readonly name: string;
  /** The model used when a request names none. */
  readonly model?: string;
  /** The family of client that serves it. */
  readonly adapter: string;
  /** The wire format in use. */
  readonly dialect: Dialect;
  /** The address in use. */
  readonly baseUrl?: string;
  /** The credential in use. */
  readonly credential: CredentialStatus;
  /** Whether a request has succeeded. */
  readonly verified: boolean;
  /** How long the verifying request took. */
  readonly latencyMs?: number;
  /** The notice of the provider's row about the service. */
  readonly notice?: string;
}

/** The health of a provider, or of one of its connections: its calls in this session, and what rests for all editors of the user. */
export interface Health {
  /** The provider's id. */
  readonly provider: string;
  /** The name of the connection, where it has one of its own. */
  readonly connection?: string;
  /** Whether its last call succeeded. */
  readonly ok: boolean;
  /** Calls in this session. */
  readonly calls: number;
  /** Failed calls in this session. */
  readonly failures: number;
  /** The last failure. */
  readonly lastError?: AttemptError;
  /** How long the last call took. */
  readonly lastLatencyMs?: number;
  /** What of it is not called for a while since calls failed, in this editor or another one; absent: nothing. */
  readonly circuits?: readonly Circuit[];
}

/** A part of a provider that rests, since calls failed. All editors of the user share it. */
export interface Circuit {
  /** Whether calls are kept away, or the next one tries. */
  readonly state: CircuitState;
  /** The address that failed. */
  readonly baseUrl: string;
  /** The model that rests; absent: all of the provider. */
  readonly model?: string;
  /** Whether one key rests; false: all of the provider. */
  readonly oneKey: boolean;
  /** Whether only calls rest that no person waits for. */
  readonly background: boolean;
  /** When it ends: RFC 3339, UTC. */
  readonly until: string;
  /** How long that is from now; 0 where the next call tries. */
  readonly retryAfterMs: number;
  /** The failure. */
  readonly error: AttemptError;
  /** How many there were in a row. */
  readonly failures: number;
  /** The editor or program whose call failed. */
  readonly client?: string;
}

/** What is known about a provider's credential; never the credential. */
export interface CredentialStatus {
  /** The provider's id. */
  readonly provider: string;
  /** The name of the connection that it is stored for, where it is not the provider's. */
  readonly name?: string;
  /** Where it was found. */
  readonly source: CredentialSource;
  /** The variable, keyring entry or file, by name. */
  readonly location?: string;
  /** Its last four characters, where it is long enough to show them; absent while the keyring that holds it is locked. */
  readonly last4?: string;
  /** Whether a log-in of Modelport has stored it; absent: no. */
  readonly loggedIn?: boolean;
  /** The only address it is sent to, where it is bound to one. */
  readonly baseUrl?: string;
  /** What looks wrong about the key, in a sentence for people. It is used all the same. */
  readonly hint?: string;
  /** Further keys of the same source, in the order in which they are used when the one before fails; absent: none. */
  readonly moreKeys?: readonly CredentialKey[];
  /** What keeps the key from being used; only in credential/list, absent: nothing. */
  readonly health?: KeyHealth;
  /** When the key was last sent with a call: RFC 3339, UTC; only in credential/list, absent: never, or that is not known. */
  readonly lastUsedAt?: string;
  /** Keys of the provider that are not used while this one is there, in the order in which they would be; only in credential/list and from credential/delete with everywhere, absent: none. */
  readonly others?: readonly CredentialKey[];
}

/** Another key of a provider; never the key. */
export interface CredentialKey {
  /** Where it was found, if not where the status says. */
  readonly source?: CredentialSource;
  /** The variable or keyring entry, by name. */
  readonly location?: string;
  /** Its last four characters, where it is long enough to show them. */
  readonly last4?: string;
  /** The only address it is sent to, if not the one that the status says. */
  readonly baseUrl?: string;
  /** What keeps the key from being used; only in credential/list, absent: nothing. */
  readonly health?: KeyHealth;
  /** When the key was last sent with a call: RFC 3339, UTC; only in credential/list, absent: never, or that is not known. */
  readonly lastUsedAt?: string;
}

/** A place where keys are stored, and whether it can be used. */
export interface CredentialStoreStatus {
  /** Which of them. */
  readonly id: CredentialStoreId;
  /** Whether it can be used. */
  readonly state: CredentialStoreState;
  /** What it is called, such as the name of the keyring or of the file. */
  readonly name: string;
  /** Why it is in this state, as a sentence. */
  readonly detail: string;
  /** What to do about it; absent where nothing needs to be done. */
  readonly action?: string;
}

/** Why a key is not used for a while. All editors of the user share it. */
export interface KeyHealth {
  /** Whether the provider refused the key, or it rests for another reason. */
  readonly state: KeyState;
  /** When it is tried again: RFC 3339, UTC; absent: by the next call. */
  readonly until?: string;
  /** The model it is not used for; absent: all of the provider. */
  readonly model?: string;
  /** The failure. */
  readonly error: AttemptError;
}

/** What the check of one key found. */
export interface KeyCheck {
  /** The provider's id. */
  readonly provider: string;
  /** The name of the connection that it is stored for, where it is not the provider's. */
  readonly name?: string;
  /** Where the key was found. */
  readonly source: CredentialSource;
  /** The variable, keyring entry or file, by name. */
  readonly location?: string;
  /** Its last four characters, where it is long enough to show them. */
  readonly last4?: string;
  /** Whether the provider takes the key; absent: it cannot be asked without a call that costs. */
  readonly ok?: boolean;
  /** Why not; absent where ok is true or absent. */
  readonly error?: AttemptError;
  /** How long the answer took; absent where nothing was asked. */
  readonly latencyMs?: number;
}

/** What a model costs, in US dollars per million tokens. */
export interface Price {
  /** Input. */
  readonly inputUsdPerMtok?: number;
  /** Output. */
  readonly outputUsdPerMtok?: number;
  /** Input read from the provider's cache. */
  readonly cacheReadUsdPerMtok?: number;
  /** Input written to the provider's cache. */
  readonly cacheWriteUsdPerMtok?: number;
}

/** A model, as far as it is known: an absent field is unknown. */
export interface Model {
  /** Its name at the provider. */
  readonly id: string;
  /** The provider's id. */
  readonly provider: string;
  /** The name of the connection that has it, where that has one of its own: a call then takes connection/id. */
  readonly connection?: string;
  /** The name to show. */
  readonly displayName?: string;
  /** What the provider says of it, shortened to 500 characters. */
  readonly description?: string;
  /** Tokens of input and output together. */
  readonly contextWindow?: number;
  /** Tokens of output. */
  readonly maxOutputTokens?: number;
  /** Of text, image, audio, video, file. */
  readonly inputModalities?: readonly string[];
  /** Whether it calls tools. */
  readonly tools?: boolean;
  /** Whether it reasons before it answers. */
  readonly reasoning?: boolean;
  /** What it costs. */
  readonly price?: Price;
  /** What else it is known to do: json_mode, fim, embeddings, images, moderation. */
  readonly capabilities?: readonly string[];
  /** Whether it is not served any more, or was never served under this name. */
  readonly retired?: boolean;
  /** The day it stops or stopped being served, ISO 8601. */
  readonly retiresOn?: string;
  /** The model of the same provider that takes its place. */
  readonly successor?: string;
  /** What changed about it, in a sentence. */
  readonly notice?: string;
  /** Bytes on the disk, of a local model. */
  readonly sizeBytes?: number;
  /** The storage format of its weights, such as Q4_K_M. */
  readonly quantization?: string;
  /** The number of its parameters, as its maker writes it, such as 8x7B. */
  readonly parameterSize?: string;
  /** Where these facts come from. */
  readonly source: ModelSource;
}

/** A tool call that the model requests. */
export interface ToolCall {
  /** Ties the result to the call. */
  readonly id: string;
  /** The tool. */
  readonly name: string;
  /** The arguments, where they are a JSON object. Open: what the parameters of the tool describe. */
  readonly arguments?: Record<string, unknown>;
  /** The arguments as the model wrote them, where they are not a JSON object. A client sends them back unchanged. */
  readonly argumentsText?: string;
}

/** One turn of a conversation. */
export interface Message {
  /** Who speaks. */
  readonly role: Role;
  /** The text or parts of the message. Optional in an assistant message that has toolCalls. */
  readonly content?: string | readonly Part[];
  /** The tool calls of an assistant message, as the completion had them. */
  readonly toolCalls?: readonly ToolCall[];
  /** The call that a tool message answers. */
  readonly toolCallId?: string;
  /** Of an assistant message: the providerState of the completion it came from, unchanged. Another provider ignores it. Open: opaque, with whatever fields the provider needs. */
  readonly providerState?: Record<string, unknown>;
}

/** Text. */
export interface TextPart {
  readonly type: "text";
  /** The text. */
  readonly text: string;
}

/** An image, as an address or as data: one of url and data. */
export interface ImagePart {
  readonly type: "image";
  /** An http or https address, or a data URL. The provider fetches an address, the server never does; an address that a file: URL names is refused. */
  readonly url?: string;
  /** The image, base64, in place of url; both together are an error. */
  readonly data?: string;
  /** Its type, such as image/png. Needed only where the first bytes of the data do not tell it, which count before this field; unknown: image/png. */
  readonly mimeType?: string;
}

/** A function the model may call. */
export interface Tool {
  /** Its name. */
  readonly name: string;
  /** What it does, for the model. */
  readonly description?: string;
  /** JSON Schema of its arguments. Open: any keywords of JSON Schema. */
  readonly parameters?: Record<string, unknown>;
}

/** The one tool the model must call. */
export interface NamedToolChoice {
  /** The tool. */
  readonly name: string;
}

/** The form the answer must have. */
export interface ResponseFormat {
  /** The form. */
  readonly type: ResponseFormatType;
  /** JSON Schema, for jsonSchema. Open: any keywords of JSON Schema. */
  readonly schema?: Record<string, unknown>;
  /** A name for the schema. */
  readonly name?: string;
  /** Whether the provider must enforce the schema. */
  readonly strict?: boolean;
  /** The schema with its name, nested as OpenAI has it. The fields beside it count before its own. */
  readonly jsonSchema?: NestedSchema;
}

/** A JSON Schema for the answer, in OpenAI's form. */
export interface NestedSchema {
  /** A name for the schema. */
  readonly name?: string;
  /** JSON Schema. Open: any keywords of JSON Schema. */
  readonly schema?: Record<string, unknown>;
  /** Whether the provider must enforce the schema. */
  readonly strict?: boolean;
}

/** Why an attempt failed. */
export interface AttemptError {
  /** For a program. */
  readonly kind: ErrorKind;
  /** For a person. */
  readonly message: string;
}

/** One attempt at a provider. */
export interface Attempt {
  /** The provider's id. */
  readonly provider: string;
  /** The model. */
  readonly model: string;
  /** How it ended. */
  readonly outcome: AttemptOutcome;
  /** True: nothing was sent, so the attempt is no call and has no row in the ledger; error says why, such as a provider that is still to be left alone, a model without tools or a context window that is too small. Absent: it was called. */
  readonly skipped?: boolean;
  /** Why it failed. */
  readonly error?: AttemptError;
  /** How long it took. */
  readonly latencyMs: number;
  /** How its provider was found. */
  readonly resolvedBy?: ResolutionStep;
  /** Why it is this provider, for a person. Absent where the request names it. */
  readonly reason?: string;
}

/** The tokens, time and cost of a call. Input counts all input, cached included; output all output, reasoning included, whatever the vendor's own definition. */
export interface Usage {
  /** All input tokens. */
  readonly inputTokens: number;
  /** All output tokens. */
  readonly outputTokens: number;
  /** Input read from the provider's cache. */
  readonly cacheReadTokens?: number;
  /** Input written to the provider's cache. */
  readonly cacheWriteTokens?: number;
  /** Output spent on reasoning. */
  readonly reasoningTokens?: number;
  /** From the request to the last byte. */
  readonly latencyMs: number;
  /** From the request to the first delta. */
  readonly timeToFirstTokenMs?: number;
  /** Millionths of a US dollar, rounded once per call, a half to the even neighbour; 0 for local providers, null where the price is not known or a plan pays. */
  readonly usdMicros: number | null;
  /** Where the price is from; absent where there is none, and for local providers. */
  readonly costSource?: CostSource;
  /** True where the cost follows from estimated counts, or leaves out a part that no answer tells or that has another price; absent otherwise. */
  readonly costEstimated?: boolean;
  /** Whether the counts are an estimate because the provider gave none. */
  readonly estimated: boolean;
}

/** A whole answer. */
export interface Completion {
  /** The answer. */
  readonly text: string;
  /** The model's reasoning, where it is shown. */
  readonly reasoning: string;
  /** The tool calls it requests. */
  readonly toolCalls: readonly ToolCall[];
  /** Why it stopped. */
  readonly finishReason: FinishReason;
  /** The provider that answered. */
  readonly provider: string;
  /** The model that answered. */
  readonly model: string;
  /** State the provider needs back with this turn, such as signed reasoning: opaque, to be sent unchanged in the assistant message. Open: opaque, with whatever fields the provider needs. */
  readonly providerState?: Record<string, unknown>;
  /** What it used. */
  readonly usage: Usage;
  /** Every attempt, in order, those that were skipped included; the last one gave the answer. */
  readonly attempts: readonly Attempt[];
  /** What was left out of the request since it has no effect here, such as a context length, in sentences for people. */
  readonly notes?: readonly string[];
  /** How the provider that answered was found. */
  readonly resolvedBy?: ResolutionStep;
}

/** Usage added up. */
export interface UsageTotals {
  /** Calls, failed and cancelled ones included. */
  readonly totalCalls: number;
  /** Calls that failed. */
  readonly failedCalls: number;
  /** Calls that were stopped before their end. */
  readonly cancelledCalls: number;
  /** All input tokens. */
  readonly inputTokens: number;
  /** All output tokens. */
  readonly outputTokens: number;
  /** Input read from caches. */
  readonly cacheReadTokens: number;
  /** Input written to caches. */
  readonly cacheWriteTokens: number;
  /** Output spent on reasoning. */
  readonly reasoningTokens: number;
  /** Millionths of a US dollar, over the calls whose price is known. */
  readonly usdMicros: number;
  /** Calls whose price is not known. */
  readonly unpricedCalls: number;
  /** Calls whose cost is an estimate, as `costEstimated` of their usage says. */
  readonly estimatedCalls: number;
}

/** Totals of one group. */
export interface UsageGroup {
  /** The model, provider, client, project or day. */
  readonly key: string;
  /** Its totals. */
  readonly totals: UsageTotals;
  /** Its groups by the next name of groupBy, in the same order; present when groupBy has one. */
  readonly groups?: readonly UsageGroup[];
}

/** One recorded call: one request to a provider, with any outcome. */
export interface Call {
  /** Rises with time within one ledger; 0 while the call waits to be written into it, for instance because another program holds its lock. */
  readonly id: number;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  /** The provider's id. */
  readonly provider: string;
  /** The model. */
  readonly model: string;
  /** The model that answered in the provider's own words, where that is another name. */
  readonly answeredModel?: string;
  /** In which of its service tiers the provider says it has answered. */
  readonly serviceTier?: string;
  /** The editor or program that made the call: clientInfo.name of initialize, at most 100 characters. */
  readonly client?: string;
  /** The workspace the client works in: the name of the first of workspaceFolders of initialize, else the last part of rootUri or rootPath. */
  readonly project?: string;
  /** What the completion was for; absent for calls that are none, such as embeddings. */
  readonly role?: CompletionRole;
  /** Which run of the client it was part of: equal for all calls of one, and for no other. */
  readonly session?: string;
  /** The id of the first call that was made for the same request; absent for that one itself. */
  readonly attemptOf?: number;
  /** How it ended. */
  readonly outcome: CallOutcome;
  /** Why it failed. */
  readonly errorKind?: ErrorKind;
  /** Why the model stopped. */
  readonly finishReason?: FinishReason;
  /** What it used. */
  readonly usage: Usage;
}

/** Which calls a budget counts: those for which every field fits that is there. */
export interface BudgetScope {
  /** The provider's id. */
  readonly provider?: string;
  /** The model, with or without its provider in front; * stands for any text. */
  readonly model?: string;
  /** The workspace; * stands for any text. */
  readonly project?: string;
  /** The editor or program; * stands for any text. */
  readonly client?: string;
  /** What the completion is for. */
  readonly role?: CompletionRole;
}

/** A budget of the configuration file in its present period, over all editors on this machine. */
export interface BudgetStatus {
  /** Its name in the file. */
  readonly name: string;
  /** When it begins anew. */
  readonly period: BudgetPeriod;
  /** The limit in force, in millionths of a US dollar, with what it is raised by. */
  readonly limitUsdMicros: number;
  /** What calls of the period cost. */
  readonly spentUsdMicros: number;
  /** What the calls under way may cost at most. */
  readonly reservedUsdMicros: number;
  /** The part of the limit that is spent: 1 is all of it. */
  readonly fraction: number;
  /** Calls of the period whose price is not known; they are in no sum. */
  readonly unpricedCalls: number;
  /** What it does with a call that may exceed it. */
  readonly action: BudgetAction;
  /** The part of the limit from which on there is a warning. */
  readonly warnAt: number;
  /** Which calls it counts. */
  readonly scope: BudgetScope;
  /** How far it is used up. */
  readonly state: BudgetState;
  /** When its next period begins, RFC 3339; absent for a session. */
  readonly resetsAt?: string;
  /** Until when the limit is raised, RFC 3339; absent where it is not. */
  readonly raisedUntil?: string;
}

/** The budget that a call does not fit into. Amounts are in millionths of a US dollar. */
export interface BudgetRefusal {
  /** Its name in the configuration file. */
  readonly name: string;
  /** The limit in force. */
  readonly limitUsdMicros: number;
  /** What calls of the period cost; absent where the ledger did not say. */
  readonly spentUsdMicros?: number;
  /** What the calls under way may cost at most; absent where the ledger did not say. */
  readonly reservedUsdMicros?: number;
  /** What the refused call may cost; absent where its price is not known. */
  readonly estimateUsdMicros?: number;
  /** When the next period begins, RFC 3339; absent for a session. */
  readonly resetsAt?: string;
}

/** An agent on this machine: one that can be started, one that listens, or a known one that is not installed. */
export interface Agent {
  /** Its id: the public registry's where it has one, else the name that the server reports. */
  readonly agentId: string;
  /** The name to show. */
  readonly displayName: string;
  /** Whether it is installed: as a program that can be started, or as a server that answers. A namesake or a stub does not count. */
  readonly installed: boolean;
  /** Whether a key variable or a credential file of its own is present, or none of either is known. Whether they are still valid is not checked. */
  readonly configured: boolean;
  /** The name of the program that starts it; empty for a server. */
  readonly command: string;
  /** Its version, from its package or its own answer; empty where neither has one. */
  readonly version: string;
  /** A sentence about its state: why it is broken, what is missing, where it runs. May be empty. */
  readonly detail: string;
  /** The protocol it speaks, or is known for. */
  readonly protocol?: AgentProtocol;
  /** How it is reached. */
  readonly transport?: AgentTransport;
  /** The exact command line that starts it. Absent where it must not be started. */
  readonly argv?: readonly string[];
  /** Where it answers. */
  readonly url?: string;
  /** Its process, when it runs. */
  readonly pid?: number;
  /** Where it was found. */
  readonly sources?: readonly string[];
  /** How certain it is that this is the agent. */
  readonly identity?: AgentIdentity;
  /** The package that owns the program. */
  readonly owner?: AgentOwner;
  /** What is proven. */
  readonly status: AgentStatus;
  /** What is known of its log-in; absent without an answer at level verify. */
  readonly auth?: AgentAuth;
  /** When it last answered, RFC 3339; absent where it never did. */
  readonly verifiedAt?: string;
  /** The protocol version it answered with. */
  readonly protocolVersion?: number | string;
  /** Its name and version, as it reports them. Open: the Implementation of the Agent Client Protocol, as the agent sends it. */
  readonly agentInfo?: Record<string, unknown>;
  /** The capabilities it reports. Open: the AgentCapabilities of the Agent Client Protocol, as the agent sends them. */
  readonly capabilities?: Record<string, unknown>;
  /** The ways to log in that it offers. Open: the AuthMethod of the Agent Client Protocol, as the agent sends it. */
  readonly authMethods?: readonly Record<string, unknown>[];
  /** The models it offers, where a session was opened. */
  readonly models?: readonly string[];
  /** How long the answer took, its start included. */
  readonly latencyMs?: number;
  /** Lines on its standard output that are not the protocol. */
  readonly stdoutNoise?: number;
  /** Its last lines on standard error, where it failed; secrets and folders are removed. */
  readonly stderrTail?: readonly string[];
  /** Whether it ended by itself when its input was closed. */
  readonly exitsCleanly?: boolean;
  /** The processes of this user that run it now. They belong to the program that started them and cannot be attached to. */
  readonly processes?: readonly AgentProcess[];
  /** The command that installs it, or what it lacks. */
  readonly installHint?: string;
  /** What to do to log in. */
  readonly loginHint?: string;
  /** The programs it is set up in. */
  readonly configuredIn?: readonly string[];
}

/** The package a program belongs to, read from its files. */
export interface AgentOwner {
  /** Where the package comes from. */
  readonly ecosystem: PackageEcosystem;
  /** Its name there. */
  readonly package: string;
  /** Its version. */
  readonly version?: string;
}

/** A running agent. */
export interface AgentProcess {
  /** Its process. */
  readonly pid: number;
  /** The program that started it. */
  readonly parent?: string;
  /** That program's process. */
  readonly parentPid?: number;
}

/** The copy of the public registry that was used besides what ships with Modelport. */
export interface AgentRegistry {
  /** Where it came from. */
  readonly url: string;
  /** When, RFC 3339. */
  readonly fetchedAt: string;
  /** How many agents it names. */
  readonly agentCount: number;
}

/** One diagnostic check. */
export interface Check {
  /** Its name. */
  readonly id: string;
  /** The result. */
  readonly status: CheckStatus;
  /** What was found. */
  readonly detail: string;
  /** What to do next. */
  readonly action?: string;
}

/** The data of an error reply. */
export interface ErrorData {
  /** For a program to act on. */
  readonly kind?: ErrorKind;
  /** The provider concerned. */
  readonly provider?: string;
  /** The model concerned; absent where none is known. */
  readonly model?: string;
  /** The parameter at fault, by its path in params: names with dots, positions from 0 in brackets, such as messages[0].content[1].type. A mistake that lies between several of them has the path of what holds them, such as messages. */
  readonly field?: string;
  /** The provider's HTTP status. */
  readonly httpStatus?: number;
  /** How long to wait before another attempt. */
  readonly retryAfterMs?: number;
  /** Whether the same request may succeed later. Absent where the request itself is wrong. */
  readonly retryable?: boolean;
  /** What to do next. */
  readonly action?: string;
  /** The provider's own id of the request. */
  readonly requestId?: string;
  /** Where to look in the log. */
  readonly logId?: string;
  /** With the kind budget_exceeded, the budget that refused. */
  readonly budget?: BudgetRefusal;
  /** The part of the answer that had arrived before the failure: present with any kind if there was one, except where the server was stopped. */
  readonly text?: string;
  /** The part of the reasoning that had arrived before the failure. */
  readonly reasoning?: string;
  /** What the failed call used; absent where nothing was sent. */
  readonly usage?: Usage;
  /** Every attempt, in order. */
  readonly attempts?: readonly Attempt[];
}

/** More of the answer. */
export interface TextUpdate {
  readonly kind: "text";
  /** To append. */
  readonly text: string;
}

/** More of the reasoning. */
export interface ReasoningUpdate {
  readonly kind: "reasoning";
  /** To append. */
  readonly text: string;
}

/** A delta of a tool call. Its first delta has the id and the name. */
export interface ToolCallUpdate {
  readonly kind: "toolCall";
  /** Which call, from 0. */
  readonly index: number;
  /** Its id. */
  readonly id?: string;
  /** Its tool. */
  readonly name?: string;
  /** To append to the JSON text of the arguments. */
  readonly argumentsDelta: string;
}

/** An attempt failed, and the same or another provider is tried. */
export interface AttemptUpdate {
  readonly kind: "attempt";
  /** The provider that failed. */
  readonly provider: string;
  /** Its model. */
  readonly model: string;
  /** Why. */
  readonly reason: ErrorKind;
}

/** The answer begins again: what the updates before this one carried is not part of it. Sent only where config.toml says after_commit = "restart" or "continue", and never to a request with resets false. */
export interface ResetUpdate {
  readonly kind: "reset";
}

/** Which providers to list. */
export interface ListProviderParams {
  /** Only these. */
  readonly connectionType?: ConnectionType;
  /** Only these, in any case. */
  readonly category?: string;
  /** Only those that can be used now: a credential was found, or none is needed, and the program that serves it is on this machine. */
  readonly configuredOnly?: boolean;
}

/** Providers in the registry's order. */
export interface ListProviderResult {
  /** The providers. */
  readonly providers: readonly Provider[];
}

/** How to look for local servers. */
export interface DiscoverProviderParams {
  /** The time limit of the whole search. */
  readonly timeoutMs?: number;
  /** Only these, by id or alias. */
  readonly providers?: readonly string[];
  /** Only these, in place of all others. */
  readonly ports?: readonly number[];
  /** Requests a provider/update notification under this name for each server, as soon as it is known. */
  readonly streamId?: string;
  /** Requests $/progress under this token: a report for each server. */
  readonly workDoneToken?: string | number;
}

/** The servers that answered. */
export interface DiscoverProviderResult {
  /** One per address, in the order of the rows that identify them. */
  readonly servers: readonly LocalServer[];
}

/** What to connect to. One of provider and model is needed. */
export interface ConnectProviderParams {
  /** Its id or an alias. openai-compatible, with baseUrl, is an endpoint of the user's own that speaks OpenAI's format and has no row. */
  readonly provider?: string;
  /** The name of the connection, for a second one to the same provider, such as another server of its kind or another account. A call of a model then takes name/model, or the name as its provider; lists of models have those of each connection. Absent: the provider's id. Letters, digits, dots, hyphens and underscores; no other provider's name. */
  readonly name?: string;
  /** A model, with or without its provider's name in front. */
  readonly model?: string;
  /** Replaces the provider's whole base URL. */
  readonly baseUrl?: string;
  /** Kept in memory for this session, never stored. */
  readonly apiKey?: string;
  /** The wire format, for an endpoint of the user's own. */
  readonly dialect?: Dialect;
  /** Extra request headers. */
  readonly headers?: Record<string, string>;
  /** The idle timeout of every later call to this provider: how long it may send nothing. Absent: 300000 before the first delta of an answer, then 30000 between deltas, or 300000 where tools are offered or the provider is on the own network. The time limit of a whole call is timeoutMs of completion/create. */
  readonly timeoutMs?: number;
  /** false accepts any certificate. */
  readonly verifyTls?: boolean;
  /** false connects without a request and without a password prompt: a locked keyring is not unlocked, and the command that prints the key not run, before the first call. */
  readonly verify?: boolean;
  /** true keeps the overrides of the existing connection that this request leaves out, its key included; none is kept where baseUrl is another address. */
  readonly keepOverrides?: boolean;
}

/** What to disconnect. */
export interface DisconnectProviderParams {
  /** The name of a connection, or a provider: then the connection without a name of its own. Absent: all of them. */
  readonly provider?: string;
}

/** No fields. */
export type StatusProviderParams = Record<string, never>;

/** This session's connections. */
export interface StatusProviderResult {
  /** The connection used when a request names no model. */
  readonly active: Connection | null;
  /** All of them, oldest first. */
  readonly connections: readonly Connection[];
  /** One per connection called in this session, or per provider where it was called without one, then one per other provider of which something rests. */
  readonly health: readonly Health[];
}

/** Which models to list. */
export interface ListModelParams {
  /** Only this provider's, or those of the connection of this name. */
  readonly provider?: string;
  /** Requests the list again instead of using the cached one. */
  readonly refresh?: boolean;
  /** Answers at once from cached lists of any age, the catalog and the names of the reference documents. Sends no request, runs no command and unlocks no keyring. */
  readonly cached?: boolean;
  /** At most this many. */
  readonly limit?: number;
}

/** A provider that could not answer. */
export interface ProviderError {
  /** The provider's id. */
  readonly provider: string;
  /** The name of the connection, where it has one of its own. */
  readonly connection?: string;
  /** Why. */
  readonly error: AttemptError;
}

/** Models, and the providers that failed. */
export interface ListModelResult {
  /** The models. */
  readonly models: readonly Model[];
  /** The failures beside them. */
  readonly errors: readonly ProviderError[];
}

/** Which models to find. */
export interface SearchModelParams {
  /** Words of the name, the maker, the provider, the description or what the model can do; all must match. */
  readonly query?: string;
  /** Only this provider's. */
  readonly provider?: string;
  /** Only models of this maker, whoever serves them: a provider's name such as openai, or what stands in front of the model's own name. */
  readonly vendor?: string;
  /** What it must be known to do: all of these. */
  readonly requires?: readonly ModelRequirement[];
  /** The highest input price, in US dollars per million tokens; models without a known price are left out. */
  readonly maxInputUsdPerMtok?: number;
  /** What to sort by; absent: how well the name matches. */
  readonly sort?: ModelSort;
  /** At most this many. */
  readonly limit?: number;
}

/** The models found. */
export interface SearchModelResult {
  /** Best first. */
  readonly models: readonly Model[];
  /** The providers that failed; their models come from the catalog. */
  readonly errors?: readonly ProviderError[];
  /** Where no model matches: the names nearest to the words, as provider/model. */
  readonly suggestions?: readonly string[];
}

/** A model to download. */
export interface PullModelParams {
  /** Where. */
  readonly provider: string;
  /** What. */
  readonly model: string;
  /** Requests $/progress under this token: reports in percent and bytes. */
  readonly workDoneToken?: string | number;
}

/** A model to delete. */
export interface DeleteModelParams {
  /** Where. */
  readonly provider: string;
  /** What. */
  readonly model: string;
  /** Requests $/progress under this token: begin and end. */
  readonly workDoneToken?: string | number;
}

/** What to answer. One of messages and prompt is needed. */
export interface CreateCompletionParams {
  /** The conversation so far. */
  readonly messages?: readonly Message[];
  /** Short for one user message. */
  readonly prompt?: string;
  /** provider/model, an alias in front, a bare name, or chain/NAME for a chain of config.toml; absent: the server decides. The steps are listed above. */
  readonly model?: string;
  /** The provider, where model does not name it. */
  readonly provider?: string;
  /** explicit: nothing is asked but a provider that the request names. The stricter of this and of config.toml counts; absent: that of config.toml. */
  readonly resolution?: Resolution;
  /** Instructions, put before the messages. */
  readonly system?: string;
  /** Functions the model may call. */
  readonly tools?: readonly Tool[];
  /** Whether it must call tools, or the one tool that it must call. */
  readonly toolChoice?: ToolChoiceMode | NamedToolChoice;
  /** The form of the answer. */
  readonly responseFormat?: ResponseFormat;
  /** Sampling parameters, by name or alias. A name that is not in the table below is an error, not ignored; so is one that the provider or the model does not take, except a context length, which is left out and named in notes of the result. Open: the names of the table of sampling parameters, which a minor version may extend. */
  readonly parameters?: Record<string, unknown>;
  /** Models to try next when one fails before its first delta, before those of the chain in config.toml that goes with role. An empty list: no others are tried, not those of the chain either. With resolution explicit no chain is added. */
  readonly fallbacks?: readonly string[];
  /** False: nothing is marked for the provider's cache of prompts. Else system text, tools and the last turns are marked where that is needed, so that the next request of a conversation pays for its end only. */
  readonly cache?: boolean;
  /** What the completion is for. It is kept with the call in the ledger, and chains, budgets and cooled-down providers may differ by it. */
  readonly role?: CompletionRole;
  /** Requests completion/update notifications under this name. No two requests in flight may have the same: the later one is refused with -32602. */
  readonly streamId?: string;
  /** False: the client cannot take back deltas, so that an answer which has begun is never begun again; no reset update is sent. */
  readonly resets?: boolean;
  /** The time limit of the whole call, its fallbacks and waits included; absent: other targets are tried for two minutes, and the last one may take as long as its provider may send nothing, which is timeoutMs of provider/connect. */
  readonly timeoutMs?: number;
  /** Requests $/progress under this token. */
  readonly workDoneToken?: string | number;
}

/** What to count, as the input of a completion. One of messages and text is needed. */
export interface CountTokenParams {
  /** The model whose tokens are counted. Absent: that of the connection in use or of default_model; without either the count is an estimate. */
  readonly model?: string;
  /** A conversation. */
  readonly messages?: readonly Message[];
  /** A text. */
  readonly text?: string;
  /** Whose model it is, by id or alias. */
  readonly provider?: string;
  /** As in completion/create. */
  readonly resolution?: Resolution;
  /** Instructions for the model. */
  readonly system?: string;
  /** The tools it may call. */
  readonly tools?: readonly Tool[];
}

/** The count. */
export interface CountTokenResult {
  /** The tokens of the whole input, with those the provider adds. */
  readonly inputTokens: number;
  /** Whether it is an estimate: by the length of the input where the provider does not count, or by the provider's own word. */
  readonly estimated: boolean;
}

/** What to embed. */
export interface CreateEmbeddingParams {
  /** One text or several. */
  readonly input: string | readonly string[];
  /** The model. Absent: the provider's usual one, or that of the connection. */
  readonly model?: string;
  /** As in completion/create. */
  readonly resolution?: Resolution;
  /** Whose model it is, by id or alias. */
  readonly provider?: string;
  /** The length of the vectors, where the model can shorten them. */
  readonly dimensions?: number;
  /** What the texts are embedded for; only for providers that distinguish it. */
  readonly inputType?: EmbeddingInputType;
}

/** A vector per text. */
export interface CreateEmbeddingResult {
  /** In the order of the input. */
  readonly embeddings: number[][];
  /** The model that made them. */
  readonly model: string;
  /** What it used. */
  readonly usage: Usage;
  /** Whose model it is. */
  readonly provider?: string;
}

/** A generated image. */
export interface Image {
  /** Where it can be fetched. */
  readonly url?: string;
  /** The image, base64. */
  readonly data?: string;
  /** Its type. */
  readonly mimeType?: string;
}

/** What to draw. */
export interface CreateImageParams {
  /** The description. */
  readonly prompt: string;
  /** The model. Absent: the provider's usual one, or that of the connection. */
  readonly model?: string;
  /** As in completion/create. */
  readonly resolution?: Resolution;
  /** Width x height in pixels such as 1024x1024, a ratio such as 16:9, or a name of the provider's own. Absent: the provider's default. */
  readonly size?: string;
  /** How many. */
  readonly count?: number;
  /** Whose model it is, by id or alias. */
  readonly provider?: string;
}

/** The images. */
export interface CreateImageResult {
  /** As addresses or as data. */
  readonly images: readonly Image[];
  /** What it used. */
  readonly usage: Usage;
  /** The model that drew them. */
  readonly model?: string;
  /** Whose model it is. */
  readonly provider?: string;
}

/** What to judge. */
export interface CreateModerationParams {
  /** One text or several. */
  readonly input: string | readonly string[];
  /** The model. Absent: the provider's usual one, or that of the connection. */
  readonly model?: string;
  /** As in completion/create. */
  readonly resolution?: Resolution;
  /** Whose model it is, by id or alias. */
  readonly provider?: string;
}

/** The judgement on one text. */
export interface Judgement {
  /** Whether anything was flagged. */
  readonly flagged: boolean;
  /** Per category. */
  readonly categories: Record<string, boolean>;
  /** Per category, 0 to 1. */
  readonly scores: Record<string, number>;
}

/** The judgement on all texts together, and on each. */
export interface CreateModerationResult {
  /** Whether any text was flagged. */
  readonly flagged: boolean;
  /** Per category, whether any text is in it. */
  readonly categories: Record<string, boolean>;
  /** Per category the highest score of all texts, 0 to 1. */
  readonly scores: Record<string, number>;
  /** A judgement per text, in the order of the input. */
  readonly results?: readonly Judgement[];
  /** The model that judged. */
  readonly model?: string;
  /** Whose model it is. */
  readonly provider?: string;
}

/** A key to store. */
export interface SetCredentialParams {
  /** Its id or an alias. */
  readonly provider: string;
  /** The name of the connection whose key it is, for a second account; it is then used before every other key. Absent: the provider's. */
  readonly name?: string;
  /** The key. */
  readonly secret: string;
  /** Send it to this address only. */
  readonly baseUrl?: string;
  /** Whether to keep the stored keys and put this one behind them, to be used when those fail. Absent or false: it takes their place. */
  readonly add?: boolean;
  /** Where to store it: keyring, client or file. Absent: where the provider's key is stored now, else in the keyring, and where there is none, in the client's vault; never in a file of its own accord. */
  readonly store?: CredentialStoreId;
}

/** A key to delete, or all of a provider. */
export interface DeleteCredentialParams {
  /** Its id or an alias. */
  readonly provider: string;
  /** The name of the connection whose key it is. Absent: the provider's. */
  readonly name?: string;
  /** Whether to delete the provider's key and those of all its connections, in every store; name must be absent then. Absent or false: the one key. */
  readonly everywhere?: boolean;
}

/** No fields. */
export type ListCredentialParams = Record<string, never>;

/** The providers a credential was found for. */
export interface ListCredentialResult {
  /** One per provider, and one per key that is stored for a connection. */
  readonly credentials: readonly CredentialStatus[];
  /** The places where keys are stored, in the order in which they are read. A locked one is not unlocked for it. */
  readonly stores?: readonly CredentialStoreStatus[];
}

/** The keys to check. */
export interface TestCredentialParams {
  /** Its id or an alias: the provider's own keys and those of its connections. Absent: the keys of all providers. */
  readonly provider?: string;
  /** Only the key that is stored for this connection; provider must be given. */
  readonly name?: string;
}

/** What the checks found. */
export interface TestCredentialResult {
  /** One per key, in the order of credential/list. */
  readonly results: readonly KeyCheck[];
}

/** A text for the client's vault. */
export interface StoreCredentialParams {
  /** The provider's id. */
  readonly provider: string;
  /** The name of the connection, in small letters; absent: the provider's own. Provider and name together are the key of the vault's entry. */
  readonly name?: string;
  /** The text: opaque to the client, on one line, and as secret as a key. */
  readonly secret: string;
}

/** Which text to read. */
export interface LoadCredentialParams {
  /** The provider's id. */
  readonly provider: string;
  /** The name of the connection, in small letters; absent: the provider's own. Provider and name together are the key of the vault's entry. */
  readonly name?: string;
}

/** What the client's vault holds. */
export interface LoadCredentialResult {
  /** The text as it was stored; null where there is none. */
  readonly secret: string | null;
}

/** Which text to delete. */
export interface RemoveCredentialParams {
  /** The provider's id. */
  readonly provider: string;
  /** The name of the connection, in small letters; absent: the provider's own. Provider and name together are the key of the vault's entry. */
  readonly name?: string;
}

/** A log-in to start. */
export interface LoginCredentialParams {
  /** Its id or an alias. */
  readonly provider: string;
  /** The way to log in. Absent: the provider's first. */
  readonly method?: LoginMethod;
  /** The name of the connection that it is for, such as one to a second account. Absent: the provider's. */
  readonly name?: string;
  /** Where to keep what it gives; absent: as for a key of credential/set. */
  readonly store?: CredentialStoreId;
  /** For progress. */
  readonly workDoneToken?: string | number;
}

/** What the page of a log-in shows. */
export interface InputCredentialParams {
  /** Its id or an alias. */
  readonly provider: string;
  /** The name of the connection that the log-in is for. Absent: the provider's. */
  readonly name?: string;
  /** The whole address, or the code in it. */
  readonly text: string;
}

/** A log-in to end. */
export interface LogoutCredentialParams {
  /** Its id or an alias. */
  readonly provider: string;
  /** The name of the connection that it is for. Absent: the provider's. */
  readonly name?: string;
}

/** What the user has to do for a log-in. */
export interface CredentialUpdateParams {
  /** The provider's id. */
  readonly provider: string;
  /** The name of the connection that it is for, where it is not the provider's. */
  readonly name?: string;
  /** The code to enter; absent where there is none. */
  readonly userCode?: string;
  /** The address to open, http or https. */
  readonly verificationUri: string;
  /** The end of the log-in, RFC 3339, UTC. */
  readonly expiresAt: string;
  /** What the user is to know before, such as the end of the service. */
  readonly notice?: string;
}

/** Which calls to sum. */
export interface SummaryUsageParams {
  /** A time as in RFC 3339, inclusive; a date alone is its midnight, and a time without an offset is UTC. */
  readonly since?: string;
  /** A time in the same form, exclusive. */
  readonly until?: string;
  /** How to group. A list groups each group again, such as ["day", "model"]. */
  readonly groupBy?: UsageGroupBy | readonly UsageGroupBy[];
  /** An older form of a second name in groupBy; still read. */
  readonly thenBy?: UsageGroupBy;
}

/** The sums. */
export interface SummaryUsageResult {
  /** Over all of them. */
  readonly totals: UsageTotals;
  /** Per `provider/model`, most calls first. */
  readonly byModel: Record<string, UsageTotals>;
  /** Per group, most calls first; for days, oldest first. */
  readonly groups: readonly UsageGroup[];
  /** The newest call. */
  readonly lastCall?: Call;
}

/** No fields. */
export type SnapshotUsageParams = Record<string, never>;

/** Two snapshots. */
export interface DeltaUsageParams {
  /** The earlier one. */
  readonly before: UsageTotals;
  /** The later one; absent: now. */
  readonly after?: UsageTotals;
}

/** Which calls to list. */
export interface HistoryUsageParams {
  /** A time as in RFC 3339, inclusive; a date alone is its midnight, and a time without an offset is UTC. */
  readonly since?: string;
  /** A time in the same form, exclusive. */
  readonly until?: string;
  /** At most this many. */
  readonly limit?: number;
  /** Only this model's. */
  readonly model?: string;
}

/** The calls. */
export interface HistoryUsageResult {
  /** Newest first. */
  readonly calls: readonly Call[];
}

/** Whose credit to look up. */
export interface CreditsUsageParams {
  /** Its id or an alias. */
  readonly provider: string;
}

/** Money in one currency; an absent number is unknown. */
export interface CreditBalance {
  /** ISO 4217, or the provider's own word. */
  readonly currency: string;
  /** Millionths that are left. */
  readonly remainingMicros?: number;
  /** Millionths that were bought or allowed. */
  readonly totalMicros?: number;
  /** Millionths that were spent. */
  readonly usedMicros?: number;
}

/** The remaining credit, in millionths of a US dollar. An absent number is unknown; for an account in another currency all are absent. */
export interface CreditsUsageResult {
  /** Left. */
  readonly remainingUsdMicros?: number;
  /** Bought. */
  readonly totalUsdMicros?: number;
  /** Spent. */
  readonly usedUsdMicros?: number;
  /** Whose numbers they are; absent: the account's. */
  readonly scope?: CreditScope;
  /** The same for each currency the account has. */
  readonly balances?: readonly CreditBalance[];
}

/** No fields. */
export type ListBudgetParams = Record<string, never>;

/** The budgets. */
export interface ListBudgetResult {
  /** In the order of the configuration file. */
  readonly budgets: readonly BudgetStatus[];
}

/** How to look for agents. */
export interface DiscoverAgentParams {
  /** How far to go. */
  readonly level?: DiscoverLevel;
  /** The time limit of the whole search; absent: 2000, at level verify 180000. */
  readonly timeoutMs?: number;
  /** Only these, by id or command. A program known by a generic name only is started when it is named here. */
  readonly ids?: readonly string[];
  /** Also known agents that are not installed. */
  readonly all?: boolean;
  /** At level verify: starts also agents that answered before and have not changed since. Reads the login shell's search path again. */
  readonly refresh?: boolean;
  /** At level verify: also opens a session with each, which shows a missing log-in and lists the models. Some agents keep such a session in their history. */
  readonly sessions?: boolean;
  /** First downloads the public registry: latest, or the https address of another copy. */
  readonly registry?: string;
  /** Requests an agent/update notification under this name for each agent, once, as soon as its record is complete at this level. */
  readonly streamId?: string;
  /** Requests $/progress under this token, a report for each agent. Without a streamId it also requests agent/update, with the token as text for a streamId: the token 7 is the streamId "7". */
  readonly workDoneToken?: string | number;
}

/** The agents found. */
export interface DiscoverAgentResult {
  /** Known agents first, in the order of the shipped list. */
  readonly agents: readonly Agent[];
  /** The registry copy in use; absent where none was downloaded. */
  readonly registry?: AgentRegistry;
}

/** The agent to start. One of id and command is needed. */
export interface ConnectAgentParams {
  /** A discovered agent. */
  readonly id?: string;
  /** A command line. */
  readonly command?: readonly string[];
  /** The folder it works in. */
  readonly cwd?: string;
  /** Extra environment. */
  readonly env?: Record<string, string>;
}

/** A session with the agent. */
export interface ConnectAgentResult {
  /** Its name. */
  readonly sessionId: string;
  /** The agent. */
  readonly agent: Agent;
}

/** A prompt for an agent. */
export interface PromptAgentParams {
  /** The session. */
  readonly sessionId: string;
  /** Text or content blocks. Open: the ContentBlock of the Agent Client Protocol, where it is a list. */
  readonly prompt: string | readonly Record<string, unknown>[];
  /** Requests agent/update notifications under this name. */
  readonly streamId?: string;
}

/** The agent's answer. */
export interface PromptAgentResult {
  /** Why it stopped. */
  readonly stopReason: string;
  /** The text of the answer. */
  readonly text: string;
  /** What it used. */
  readonly usage?: Usage;
}

/** The session to end. */
export interface DisconnectAgentParams {
  /** The session. */
  readonly sessionId: string;
}

/** No fields. */
export type RunDiagnosticsParams = Record<string, never>;

/** The checks. */
export interface RunDiagnosticsResult {
  /** In a fixed order. */
  readonly checks: readonly Check[];
}

/** A delta of a streamed answer. */
export interface CompletionUpdateParams {
  /** The name the client chose. */
  readonly streamId: string;
  /** Rises by 1 from 0 within the request. */
  readonly seq: number;
  /** The update. */
  readonly update: CompletionUpdateKind;
}

/** An item that a request about providers has found. */
export interface ProviderUpdateParams {
  /** The name the client chose. */
  readonly streamId: string;
  /** Rises by 1 from 0 within the request. */
  readonly seq: number;
  /** The update. */
  readonly update: ProviderUpdateKind;
}

/** A model server that answered. */
export interface ServerUpdate {
  readonly kind: "server";
  /** The record that the reply will hold. */
  readonly server: LocalServer;
}

/** An agent that agent/discover has found. */
export interface AgentFoundUpdate {
  readonly kind: "agent";
  /** The record that the reply will hold. */
  readonly agent: Agent;
}

/** A delta of an agent's turn, or an agent that was found. */
export interface AgentUpdateParams {
  /** The name the client chose. */
  readonly streamId: string;
  /** Rises by 1 from 0 within the request. */
  readonly seq: number;
  /** While agent/discover runs, an agent; in a session, the agent protocol's own update. Open: the SessionUpdate of the Agent Client Protocol, in a session. */
  readonly update: AgentFoundUpdate | Record<string, unknown>;
}

/** A call was recorded. */
export interface UsageUpdatedParams {
  /** The call. */
  readonly call: Call;
  /** The stream of the call, where it had one: it identifies the call for a client that does not see the reply. */
  readonly streamId?: string;
  /** The budgets that came to a further state with this call; absent where none did. Each state is reported once per period, to one client: the one whose call brought it about. */
  readonly budgets?: readonly BudgetStatus[];
}

/** The activity of the server. */
export interface StatusChangedParams {
  /** How the server is. */
  readonly kind: StatusKind;
  /** Whether anything runs. */
  readonly busy: boolean;
  /** What to show while it is busy. Absent when it is not. */
  readonly message?: string;
}

/** An agent asks for permission. */
export interface RequestPermissionAgentParams {
  /** The session. */
  readonly sessionId: string;
  /** The agent protocol's own request. Open: the RequestPermissionRequest of the Agent Client Protocol, as the agent sends it. */
  readonly request: Record<string, unknown>;
}

/** The decision. */
export interface RequestPermissionAgentResult {
  /** The agent protocol's own outcome. Open: the RequestPermissionOutcome of the Agent Client Protocol. */
  readonly outcome: Record<string, unknown>;
}

/** A part of a message. */
export type Part = TextPart | ImagePart;

/** What an update carries. */
export type CompletionUpdateKind = TextUpdate | ReasoningUpdate | ToolCallUpdate | AttemptUpdate | ResetUpdate;

/** What a provider update carries. */
export type ProviderUpdateKind = ServerUpdate;

/** Requests the server answers: method to [params, result]. */
export interface ServerRequests {
  "provider/list": [ListProviderParams, ListProviderResult];
  "provider/discover": [DiscoverProviderParams, DiscoverProviderResult];
  "provider/connect": [ConnectProviderParams, Connection];
  "provider/disconnect": [DisconnectProviderParams, Empty];
  "provider/status": [StatusProviderParams, StatusProviderResult];
  "model/list": [ListModelParams, ListModelResult];
  "model/search": [SearchModelParams, SearchModelResult];
  "model/pull": [PullModelParams, Empty];
  "model/delete": [DeleteModelParams, Empty];
  "completion/create": [CreateCompletionParams, Completion];
  "token/count": [CountTokenParams, CountTokenResult];
  "embedding/create": [CreateEmbeddingParams, CreateEmbeddingResult];
  "image/create": [CreateImageParams, CreateImageResult];
  "moderation/create": [CreateModerationParams, CreateModerationResult];
  "credential/set": [SetCredentialParams, CredentialStatus];
  "credential/delete": [DeleteCredentialParams, CredentialStatus];
  "credential/list": [ListCredentialParams, ListCredentialResult];
  "credential/test": [TestCredentialParams, TestCredentialResult];
  "credential/login": [LoginCredentialParams, CredentialStatus];
  "credential/input": [InputCredentialParams, Empty];
  "credential/logout": [LogoutCredentialParams, CredentialStatus];
  "usage/summary": [SummaryUsageParams, SummaryUsageResult];
  "usage/snapshot": [SnapshotUsageParams, UsageTotals];
  "usage/delta": [DeltaUsageParams, UsageTotals];
  "usage/history": [HistoryUsageParams, HistoryUsageResult];
  "usage/credits": [CreditsUsageParams, CreditsUsageResult];
  "budget/list": [ListBudgetParams, ListBudgetResult];
  "agent/discover": [DiscoverAgentParams, DiscoverAgentResult];
  "agent/connect": [ConnectAgentParams, ConnectAgentResult];
  "agent/prompt": [PromptAgentParams, PromptAgentResult];
  "agent/disconnect": [DisconnectAgentParams, Empty];
  "diagnostics/run": [RunDiagnosticsParams, RunDiagnosticsResult];
}

/** Requests the client answers: method to [params, result]. */
export interface ClientRequests {
  "credential/store": [StoreCredentialParams, Empty];
  "credential/load": [LoadCredentialParams, LoadCredentialResult];
  "credential/remove": [RemoveCredentialParams, Empty];
  "agent/requestPermission": [RequestPermissionAgentParams, RequestPermissionAgentResult];
}

/** Notifications from the server: method to params. */
export interface ServerNotifications {
  "completion/update": CompletionUpdateParams;
  "usage/updated": UsageUpdatedParams;
  "provider/update": ProviderUpdateParams;
  "credential/update": CredentialUpdateParams;
  "agent/update": AgentUpdateParams;
  "status/changed": StatusChangedParams;
}

/** The codes of error replies. */
export enum ErrorCode {
  ParseError = -32700,
  InvalidRequest = -32600,
  MethodNotFound = -32601,
  InvalidParams = -32602,
  InternalError = -32603,
  ServerNotInitialized = -32002,
  RequestCancelled = -32800,
  ContentModified = -32801,
  RequestFailed = -32803,
}
