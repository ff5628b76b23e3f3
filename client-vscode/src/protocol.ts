// Modelport's protocol. Generated from protocol/model.json by protocol/generate.py; do not edit.

export const PROTOCOL_VERSION = "1.0";

/** How a provider is reached and paid for. */
export type ConnectionType = "local" | "byok" | "oauth" | "cloud";

/** The state of the service. */
export type ProviderStatus = "active" | "renamed" | "retired";

/** A wire format: how a completion is requested and streamed. */
export type Dialect = "openai_chat" | "openai_responses" | "openai_completions" | "anthropic_messages" | "gemini" | "ollama" | "bedrock_converse" | "cohere_chat" | "mock";

/** Where a credential was found. */
export type CredentialSource = "keyring" | "environment" | "command" | "file" | "session" | "none" | "notRequired";

/** Where the facts about a model come from. */
export type ModelSource = "live" | "catalog" | "curated";

/** Who speaks in a message. */
export type Role = "system" | "user" | "assistant" | "tool";

/** Why the model stopped. */
export type FinishReason = "stop" | "length" | "toolCalls" | "contentFilter" | "other";

/** How an attempt ended. */
export type AttemptOutcome = "ok" | "failed";

/** What usage is grouped by. */
export type UsageGroupBy = "model" | "provider" | "client" | "project" | "day";

/** How a recorded call ended. */
export type CallOutcome = "ok" | "failed" | "cancelled";

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
export type ResponseFormatType = "text" | "json" | "jsonSchema";

/** What a text is embedded for. */
export type EmbeddingInputType = "document" | "query";

/** Whose credit it is. */
export type CreditScope = "account" | "key";

/** The reason of a failure, for a program to act on. */
export type ErrorKind = "auth_required" | "auth_rejected" | "forbidden" | "rate_limited" | "quota_exhausted" | "budget_exceeded" | "model_not_found" | "context_too_long" | "content_filtered" | "provider_unavailable" | "network" | "tls" | "timeout" | "invalid_response" | "unsupported" | "agent_not_found" | "agent_failed" | "stream_interrupted" | "unknown_provider" | "unknown_model" | "invalid_key_format";

/** No fields. */
export type Empty = Record<string, never>;

/** A known provider. */
export interface Provider {
  /** The provider's name in every request. */
  readonly id: string;
  /** The name to show. */
  readonly displayName: string;
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
  /** Whether it needs a key. */
  readonly requiresApiKey: boolean;
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

/** A provider's health in this session. */
export interface Health {
  /** The provider's id. */
  readonly provider: string;
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
}

/** What is known about a provider's credential; never the credential. */
export interface CredentialStatus {
  /** The provider's id. */
  readonly provider: string;
  /** Where it was found. */
  readonly source: CredentialSource;
  /** The variable, keyring entry or file, by name. */
  readonly location?: string;
  /** Its last four characters, where it is long enough to show them; absent while the keyring that holds it is locked. */
  readonly last4?: string;
  /** The only address it is sent to, where it is bound to one. */
  readonly baseUrl?: string;
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
  /** The name to show. */
  readonly displayName?: string;
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
  /** The arguments, where they are a JSON object. */
  readonly arguments?: Record<string, unknown>;
  /** The arguments as the model wrote them, where they are not a JSON object. */
  readonly argumentsText?: string;
}

/** One turn of a conversation. */
export interface Message {
  /** Who speaks. */
  readonly role: Role;
  /** The text or parts of the message. */
  readonly content?: string | readonly Part[];
  /** The tools an assistant message called. */
  readonly toolCalls?: readonly ToolCall[];
  /** The call that a tool message answers. */
  readonly toolCallId?: string;
  /** Of an assistant message: the providerState of the completion it came from, unchanged. Another provider ignores it. */
  readonly providerState?: Record<string, unknown>;
}

/** Text. */
export interface TextPart {
  readonly type: "text";
  /** The text. */
  readonly text: string;
}

/** An image, as an address or as data. */
export interface ImagePart {
  readonly type: "image";
  /** Where it can be fetched, or a data URL. */
  readonly url?: string;
  /** The image, base64. */
  readonly data?: string;
  /** For example image/png; needed with data. */
  readonly mimeType?: string;
}

/** A function the model may call. */
export interface Tool {
  /** Its name. */
  readonly name: string;
  /** What it does, for the model. */
  readonly description?: string;
  /** JSON Schema of its arguments. */
  readonly parameters?: Record<string, unknown>;
}

/** The one tool the model must call. */
export interface NamedToolChoice {
  /** The tool. */
  readonly name: string;
}

/** The form the answer must have. The spellings json_object and json_schema are understood too. */
export interface ResponseFormat {
  /** One of ResponseFormatType. */
  readonly type: string;
  /** JSON Schema, for jsonSchema. */
  readonly schema?: Record<string, unknown>;
  /** A name for the schema. */
  readonly name?: string;
  /** Whether the provider must enforce the schema; true when absent. */
  readonly strict?: boolean;
  /** The nested form {name, schema, strict}, as OpenAI has it. */
  readonly jsonSchema?: Record<string, unknown>;
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
  /** Why it failed. */
  readonly error?: AttemptError;
  /** How long it took. */
  readonly latencyMs: number;
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
  /** Millionths of a US dollar; 0 for local providers, null where the price is not known. */
  readonly usdMicros: number | null;
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
  /** State the provider needs back with this turn, such as signed reasoning: opaque, to be sent unchanged in the assistant message. */
  readonly providerState?: Record<string, unknown>;
  /** What it used. */
  readonly usage: Usage;
  /** Every attempt, in order; the last one gave the answer. */
  readonly attempts: readonly Attempt[];
}

/** Usage added up. */
export interface UsageTotals {
  /** Calls, failed and cancelled ones included. */
  readonly totalCalls: number;
  /** Calls that failed. */
  readonly failedCalls: number;
  /** Calls the client cancelled. */
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

/** One recorded call. */
export interface Call {
  /** Rises with time within one ledger. */
  readonly id: number;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  /** The provider's id. */
  readonly provider: string;
  /** The model. */
  readonly model: string;
  /** The editor or program that made the call. */
  readonly client?: string;
  /** The workspace the client works in. */
  readonly project?: string;
  /** How it ended. */
  readonly outcome: CallOutcome;
  /** Why it failed. */
  readonly errorKind?: ErrorKind;
  /** Why the model stopped. */
  readonly finishReason?: FinishReason;
  /** What it used. */
  readonly usage: Usage;
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
  /** Its name and version, as it reports them. */
  readonly agentInfo?: Record<string, unknown>;
  /** The capabilities it reports. */
  readonly capabilities?: Record<string, unknown>;
  /** The ways to log in that it offers. */
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
  /** npm or pypi. */
  readonly ecosystem: string;
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
  /** The model concerned. */
  readonly model?: string;
  /** The parameter at fault. */
  readonly field?: string;
  /** The provider's HTTP status. */
  readonly httpStatus?: number;
  /** How long to wait before another attempt. */
  readonly retryAfterMs?: number;
  /** Whether the same request may succeed later. */
  readonly retryable?: boolean;
  /** What to do next. */
  readonly action?: string;
  /** The provider's own id of the request. */
  readonly requestId?: string;
  /** Where to look in the log. */
  readonly logId?: string;
  /** The part of the answer that had arrived before the failure. */
  readonly text?: string;
  /** The part of the reasoning that had arrived before the failure. */
  readonly reasoning?: string;
  /** What the failed call used. */
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

/** An attempt failed, and another provider is tried. */
export interface AttemptUpdate {
  readonly kind: "attempt";
  /** The provider that failed. */
  readonly provider: string;
  /** Its model. */
  readonly model: string;
  /** Why. */
  readonly reason: ErrorKind;
}

/** Which providers to list. */
export interface ListProviderParams {
  /** Only these. */
  readonly connectionType?: ConnectionType;
  /** Only these, in any case. */
  readonly category?: string;
  /** Only those that can be used now: a credential was found, or none is needed. */
  readonly configuredOnly?: boolean;
}

/** Providers in the registry's order. */
export interface ListProviderResult {
  /** The providers. */
  readonly providers: readonly Provider[];
}

/** How to look for local servers. */
export interface DiscoverProviderParams {
  /** For the whole search; 1500 when absent. */
  readonly timeoutMs?: number;
  /** Only these, by id or alias. */
  readonly providers?: readonly string[];
  /** Only these, in place of all others. */
  readonly ports?: readonly number[];
  /** Requests a provider/update notification under this name for each server, as soon as it is known. */
  readonly streamId?: string;
  /** For progress. */
  readonly workDoneToken?: string | number;
}

/** The servers that answered. */
export interface DiscoverProviderResult {
  /** One per address, in the order of the rows that identify them. */
  readonly servers: readonly LocalServer[];
}

/** What to connect to. One of provider and model is needed. */
export interface ConnectProviderParams {
  /** Its id or an alias. */
  readonly provider?: string;
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
  /** The idle timeout: how long the provider may send nothing. */
  readonly timeoutMs?: number;
  /** false accepts any certificate. */
  readonly verifyTls?: boolean;
  /** false connects without a request and without a password prompt: a locked keyring is not unlocked, and the command that prints the key not run, before the first call; true when absent. */
  readonly verify?: boolean;
  /** true keeps the overrides of the existing connection that this request leaves out, its key included; none is kept where baseUrl is another address. */
  readonly keepOverrides?: boolean;
}

/** What to disconnect. */
export interface DisconnectProviderParams {
  /** Absent: all of them. */
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
  /** One per provider called in this session. */
  readonly health: readonly Health[];
}

/** Which models to list. */
export interface ListModelParams {
  /** Only this provider's. */
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
  /** Words of the name, the maker or the provider; all must match. */
  readonly query?: string;
  /** Only this provider's. */
  readonly provider?: string;
  /** Capabilities it must be known to have: tools, reasoning, vision, image, audio, video, file, json_mode, fim, embeddings, images, moderation. */
  readonly requires?: readonly string[];
  /** The highest input price, in US dollars per million tokens; models without a known price are left out. */
  readonly maxInputUsdPerMtok?: number;
  /** What to sort by: name, provider, price, context, output. Absent: how well the name matches. */
  readonly sort?: string;
  /** At most this many. */
  readonly limit?: number;
}

/** The models found. */
export interface SearchModelResult {
  /** Best first. */
  readonly models: readonly Model[];
  /** The providers that failed; their models come from the catalog. */
  readonly errors?: readonly ProviderError[];
}

/** A model to download. */
export interface PullModelParams {
  /** Where. */
  readonly provider: string;
  /** What. */
  readonly model: string;
  /** For progress. */
  readonly workDoneToken?: string | number;
}

/** A model to delete. */
export interface DeleteModelParams {
  /** Where. */
  readonly provider: string;
  /** What. */
  readonly model: string;
  /** For progress. */
  readonly workDoneToken?: string | number;
}

/** What to answer. One of messages and prompt is needed. */
export interface CreateCompletionParams {
  /** The conversation so far. */
  readonly messages?: readonly Message[];
  /** Short for one user message. */
  readonly prompt?: string;
  /** provider/model, an alias in front, or a bare name that only one provider serves; absent: the active connection's. A prefix that is no provider's is unknown_provider, unless the active connection lists exactly this model. */
  readonly model?: string;
  /** The provider, where model does not name it. */
  readonly provider?: string;
  /** Instructions, put before the messages. */
  readonly system?: string;
  /** Functions the model may call. */
  readonly tools?: readonly Tool[];
  /** auto, none, required, or the one tool to call. */
  readonly toolChoice?: string | NamedToolChoice;
  /** The form of the answer. */
  readonly responseFormat?: ResponseFormat;
  /** Sampling parameters, by name or alias. */
  readonly parameters?: Record<string, unknown>;
  /** Models to try next when one fails before its first delta. */
  readonly fallbacks?: readonly string[];
  /** False: nothing is marked for the provider's cache of prompts. Else system text, tools and the last turns are marked where that is needed, so that the next request of a conversation pays for its end only. */
  readonly cache?: boolean;
  /** Requests completion/update notifications under this name. */
  readonly streamId?: string;
  /** The time limit of the whole call. */
  readonly timeoutMs?: number;
  /** Requests $/progress begin and end under this token, as in LSP. */
  readonly workDoneToken?: string | number;
}

/** What to count, as the input of a completion. One of messages and text is needed. */
export interface CountTokenParams {
  /** The model whose tokens are counted. Absent: that of the connection in use; without a connection the count is an estimate. */
  readonly model?: string;
  /** A conversation. */
  readonly messages?: readonly Message[];
  /** A text. */
  readonly text?: string;
  /** Whose model it is, by id or alias. */
  readonly provider?: string;
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
  /** Width x height in pixels such as 1024x1024, a ratio such as 16:9, or a name of the provider's own. Absent: the provider's default. */
  readonly size?: string;
  /** How many, from 1 to 10; 1 if absent. */
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

/** A key to store in the operating system's keyring. */
export interface SetCredentialParams {
  /** Its id or an alias. */
  readonly provider: string;
  /** The key. */
  readonly secret: string;
  /** Send it to this address only. */
  readonly baseUrl?: string;
}

/** A key to delete. */
export interface DeleteCredentialParams {
  /** Its id or an alias. */
  readonly provider: string;
}

/** No fields. */
export type ListCredentialParams = Record<string, never>;

/** The providers a credential was found for. */
export interface ListCredentialResult {
  /** One per provider. */
  readonly credentials: readonly CredentialStatus[];
}

/** A log-in to start. */
export interface LoginCredentialParams {
  /** Its id or an alias. */
  readonly provider: string;
  /** For progress. */
  readonly workDoneToken?: string | number;
}

/** Which calls to sum. */
export interface SummaryUsageParams {
  /** RFC 3339, inclusive. */
  readonly since?: string;
  /** RFC 3339, exclusive. */
  readonly until?: string;
  /** How to group; by model when absent. A list groups each group again, such as ["day", "model"]. */
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
  /** RFC 3339, inclusive. */
  readonly since?: string;
  /** At most this many; 100 when absent. */
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

/** How to look for agents. */
export interface DiscoverAgentParams {
  /** How far to go; static when absent. */
  readonly level?: DiscoverLevel;
  /** For the whole search; 2000 when absent, 180000 at level verify. */
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
  /** Requests an agent/update notification under this name for each agent, once, as soon as its record is complete at this level. A workDoneToken requests the same, under the token. */
  readonly streamId?: string;
  /** For progress. */
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
  /** Text or content blocks. */
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
  /** Rises by 1 from 0. */
  readonly seq: number;
  /** The update. */
  readonly update: CompletionUpdateKind;
}

/** An item that a request about providers has found. */
export interface ProviderUpdateParams {
  /** The name the client chose. */
  readonly streamId: string;
  /** Rises by 1 from 0. */
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

/** A delta of an agent's turn, or an agent that was found. */
export interface AgentUpdateParams {
  /** The name the client chose. */
  readonly streamId: string;
  /** Rises by 1 from 0. */
  readonly seq: number;
  /** The agent protocol's own update; while agent/discover runs, {kind: "agent", agent: Agent}. */
  readonly update: Record<string, unknown>;
}

/** A call was recorded. */
export interface UsageUpdatedParams {
  /** The call, also a failed or cancelled one. */
  readonly call: Call;
  /** The stream of the call, where it had one: it identifies the call for a client that does not see the reply. */
  readonly streamId?: string;
}

/** The activity of the server. */
export interface StatusChangedParams {
  /** normal, warning or error. */
  readonly kind: string;
  /** Whether a call is under way. */
  readonly busy: boolean;
  /** What to show. */
  readonly message?: string;
}

/** An agent asks for permission. */
export interface RequestPermissionAgentParams {
  /** The session. */
  readonly sessionId: string;
  /** The agent protocol's own request. */
  readonly request: Record<string, unknown>;
}

/** The decision. */
export interface RequestPermissionAgentResult {
  /** The agent protocol's own outcome. */
  readonly outcome: Record<string, unknown>;
}

/** A part of a message. */
export type Part = TextPart | ImagePart;

/** What an update carries. */
export type CompletionUpdateKind = TextUpdate | ReasoningUpdate | ToolCallUpdate | AttemptUpdate;

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
  "credential/login": [LoginCredentialParams, CredentialStatus];
  "usage/summary": [SummaryUsageParams, SummaryUsageResult];
  "usage/snapshot": [SnapshotUsageParams, UsageTotals];
  "usage/delta": [DeltaUsageParams, UsageTotals];
  "usage/history": [HistoryUsageParams, HistoryUsageResult];
  "usage/credits": [CreditsUsageParams, CreditsUsageResult];
  "agent/discover": [DiscoverAgentParams, DiscoverAgentResult];
  "agent/connect": [ConnectAgentParams, ConnectAgentResult];
  "agent/prompt": [PromptAgentParams, PromptAgentResult];
  "agent/disconnect": [DisconnectAgentParams, Empty];
  "diagnostics/run": [RunDiagnosticsParams, RunDiagnosticsResult];
}

/** Requests the client answers: method to [params, result]. */
export interface ClientRequests {
  "agent/requestPermission": [RequestPermissionAgentParams, RequestPermissionAgentResult];
}

/** Notifications from the server: method to params. */
export interface ServerNotifications {
  "completion/update": CompletionUpdateParams;
  "usage/updated": UsageUpdatedParams;
  "provider/update": ProviderUpdateParams;
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
