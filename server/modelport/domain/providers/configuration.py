"""The configuration file as types, from which its checks, schema and documentation are made.

The docstring under a field is its description in the published schema.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal, Protocol

from msgspec import Meta, Struct

from modelport.domain.budgets.settings import BudgetEntry
from modelport.domain.log_ins.entry import LogInEntry
from modelport.domain.providers.pricing import OwnPrice
from modelport.domain.providers.rows import Capability, Wire
from modelport.protocol.secret import Secret
from modelport.protocol.types import ConnectionType, Dialect, Resolution

KeyPath = tuple[str, ...]
"""The keys that lead to a value of the file, from the top."""
Name = Annotated[str, Meta(min_length=1)]
CommandLine = Annotated[tuple[str, ...], Meta(min_length=1)]
Seconds = Annotated[float, Meta(gt=0, le=86400)]
CacheType = Literal["f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl"]
"""Source: llama-server --help, --cache-type-k."""


class ValueSource(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value that stands somewhere else: in a variable of the environment, or in what a command prints."""

    env: Name | None = None
    """The variable of the environment that holds the value."""
    command: CommandLine | None = None
    """A program with its arguments that prints the value on one line of its standard output."""


class ProviderEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A provider of your own, or the fields to change of a shipped one."""

    display_name: str | None = None
    """What to call the provider when talking to a person."""
    aliases: tuple[Name, ...] | None = None
    """Other names for the provider, for the front of a model name."""
    base_url: Name | None = None
    """The address that the paths of the dialect are appended to. Takes the place of the environment's, too."""
    dialect: Dialect | None = None
    """The wire format; absent: openai_chat for a provider of your own."""
    chat_path: Name | None = None
    """The path of a completion behind the base URL; absent: the dialect's own."""
    default_model: Name | None = None
    """The model of a request that names only the provider."""
    models: tuple[Name, ...] | None = None
    """Models the provider serves, to be offered and to be found by their bare names."""
    capabilities: tuple[Capability, ...] | None = None
    """What the provider can do, for lists."""
    connection_type: ConnectionType | None = None
    """Where the provider runs and how it is paid for; absent: local on this machine, else byok."""
    api_key_env: Name | None = None
    """The variable of the environment that holds the key."""
    api_key_envs: Annotated[tuple[Name, ...], Meta(min_length=1)] | None = None
    """Variables of the environment, each with a key of its own. One is used until it fails, then the next."""
    api_key_command: CommandLine | None = None
    """A program with its arguments that prints the key, such as ["pass", "show", "acme"]. No shell is involved."""
    requires_api_key: bool | None = None
    """Whether the provider must not be called without a key."""
    key_header: Name | None = None
    """The header that carries the key; absent: where the dialect puts it."""
    auth: Literal["bearer", "key", "none"] | None = None
    """bearer sends "Bearer KEY" in the header, key the key as it is, none a bearer key only where one is found."""
    organization: Name | None = None
    """The organisation that calls are made for, sent as OpenAI-Organization."""
    headers: dict[str, str | ValueSource] | None = None
    """Headers of every request. Secret values come from the environment or a command."""
    timeout_s: Seconds | None = None
    """The idle timeout: seconds without a byte from the provider; absent: that of all providers."""
    verify_tls: bool | None = None
    """false accepts any certificate. Prefer ca_file."""
    ca_file: Name | None = None
    """Certificates, in PEM, to trust besides the system's. A relative path starts at the configuration folder."""
    proxy: str | ValueSource | None = None
    """The HTTP proxy in front of the provider; empty: none, also where the environment names one."""
    region: Name | None = None
    """Amazon Bedrock: the region, in place of AWS_REGION."""
    profile: Name | None = None
    """Amazon Bedrock: the profile of AWS's own files, in place of AWS_PROFILE."""
    key_file: Name | None = None
    """Google Vertex AI: the key of a service account, in place of GOOGLE_APPLICATION_CREDENTIALS."""
    project_id: Name | None = None
    """Google Vertex AI: the project, in place of GOOGLE_CLOUD_PROJECT; absent: that of the key file."""
    location: Name | None = None
    """Google Vertex AI: the location, in place of GOOGLE_CLOUD_LOCATION."""
    token_path: Name | None = None
    """GitHub Copilot: a file that holds a GitHub token."""
    credentials_path: Name | None = None
    """Qwen: the file of its log-in; absent: that of qwen-code."""
    login: LogInEntry | None = None
    """How to log in with modelport login."""
    prices: dict[Name, OwnPrice] | None = None
    """What you pay for its models, by name; "*" in a name stands for any text."""
    wire: Wire | None = None
    """How the provider's servers differ from the plain dialect."""

    def log_in_settings(self) -> dict[str, str]:
        """The settings for a log-in that the file has, by name."""
        found = {name: getattr(self, name) for name in LOG_IN_SETTINGS}
        return {name: value for name, value in found.items() if value is not None}


LOG_IN_SETTINGS = ("region", "profile", "key_file", "project_id", "location", "token_path", "credentials_path")
"""Each belongs to the rows whose ``file_settings`` name it."""


SERVER_COMMAND = ("llama-server", "--model", "{model}", "--host", "127.0.0.1", "--port", "{port}")


class LocalModelsEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Model files of your own, served on demand."""

    folder: Name
    """The folder with GGUF files, its folders included. A relative path starts at the configuration folder."""
    command: CommandLine = SERVER_COMMAND
    """The server with its arguments; {model} is the file and {port} the port to listen on. No shell is involved."""
    threads: Annotated[int, Meta(ge=1, le=4096)] | None = None
    """CPU threads, as --threads."""
    gpu_layers: Annotated[int, Meta(ge=0, le=100_000)] | None = None
    """Layers to keep in the GPU's memory, as --n-gpu-layers; 999 for all."""
    flash_attention: bool | None = None
    """Whether to use flash attention, as --flash-attn on or off; absent: as the server thinks best."""
    cache_type_k: CacheType | None = None
    """The type of the KV cache's keys, as --cache-type-k."""
    cache_type_v: CacheType | None = None
    """The type of the KV cache's values, as --cache-type-v."""
    context_length: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None
    """Tokens of input and output together, as --ctx-size; absent: as the model has it."""
    flags: tuple[str, ...] = ()
    """More arguments, such as ["--jinja"]."""
    embedding_flags: tuple[str, ...] = ("--embeddings",)
    """More arguments for a model that embeds."""
    idle_s: Seconds = 600
    """How long a server may be unused before it is stopped, in seconds."""
    start_timeout_s: Seconds = 120
    """How long a server may take until it is ready, in seconds."""
    max_running: Annotated[int, Meta(ge=1, le=64)] = 1
    """Servers at the same time; for another model the one that was not used for longest is stopped."""
    wsl: bool | None = None
    """On Windows: run the command in WSL and give it paths below /mnt; absent: where it is no program of Windows and
    WSL is installed. Ignored elsewhere."""
    path_mapping: dict[str, str] = {}
    """Folders as Modelport sees them, and as the server does."""


class DefaultsEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What requests mean that do not name everything."""

    resolution: Resolution = "automatic"
    """explicit: a request must name its provider, and nothing else decides where a prompt goes."""


class FailoverEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens when a model fails."""

    on_auth: Literal["continue", "stop"] = "continue"
    """What follows a refused key (401, 402, 403): the next model of your own chain, with a warning, or the error.
    Along an order that you have not written it is always the error."""
    after_commit: Literal["fail", "continue", "restart"] = "fail"
    """What follows an answer that breaks off after some of it has arrived. fail: an error that carries this part.
    continue: the model goes on where it stopped, where it can. restart: the answer begins again, as clients learn."""


class TelemetryEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to send traces and metrics of calls, in OpenTelemetry's protocol (OTLP). Without this table nothing is."""

    otlp_endpoint: Name | None = None
    """The address of the collector over HTTP, such as http://127.0.0.1:4318; absent: OTEL_EXPORTER_OTLP_ENDPOINT."""
    headers: dict[str, str | ValueSource] = {}
    """Headers of every request to it. Secret values come from the environment or a command."""
    service_name: Name | None = None
    """The service in the collector; absent: OTEL_SERVICE_NAME, else modelport."""
    traces: bool = True
    """Whether to send a span of each request and each call."""
    metrics: bool = True
    """Whether to send durations, tokens and costs as metrics."""
    metrics_temporality: Literal["cumulative", "delta"] | None = None
    """Whether metrics are sums since the start of the process or since the last time; absent:
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE, else cumulative."""


class CredentialsEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How stored keys are read."""

    passphrase_command: CommandLine | None = None
    """A program with its arguments that prints the passphrase of the key file, where MODELPORT_PASSPHRASE is not set.
    No shell is involved."""


class Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The configuration of Modelport."""

    default_model: Name | None = None
    """PROVIDER/MODEL for requests that name neither, while nothing is connected."""
    defaults: DefaultsEntry = DefaultsEntry()
    """What requests mean that do not name everything."""
    chains: dict[Name, tuple[Name, ...]] = {}
    """Models to ask in turn, as PROVIDER/MODEL, by role: default, inline, next_edit, agent, small. A role without a
    chain has the default one. Any other name is for requests whose model is chain/NAME."""
    failover: FailoverEntry = FailoverEntry()
    """What happens when a model fails."""
    timeout_s: Seconds | None = None
    """The idle timeout of all providers: seconds without a byte from one. Absent: 300 until text has come, then 300
    where tools are offered or the server is your own, else 30."""
    providers: dict[str, ProviderEntry] = {}
    """Providers by name: a new name defines one, the id or an alias of a known one changes its fields."""
    local_models: LocalModelsEntry | None = None
    """Model files of your own, served on demand as models of llama-cpp."""
    budgets: dict[str, BudgetEntry] = {}
    """Limits on what calls cost, by names of your own."""
    telemetry: TelemetryEntry | None = None
    """Where to send traces and metrics of calls."""
    credentials: CredentialsEntry = CredentialsEntry()
    """How stored keys are read."""


class Configuration(Struct, frozen=True, kw_only=True):
    """The contents of a file without an error.

    ``wire`` holds, per provider, the wire flags that the file sets, since a flag set to its default still
    changes a row. ``keys`` are the API keys in the file itself, which only other programs' forms allow.
    """

    document: Document = Document()
    wire: dict[str, dict[str, object]] = {}
    keys: dict[str, Secret] = {}
    file_name: str = ""


class Problem(Struct, frozen=True, kw_only=True):
    """A problem of the file, for its owner. Never holds a value of the file."""

    message: str
    key: str = ""
    """The keys that lead to it, with dots; empty: the file as a whole."""
    line: int | None = None
    """Counted from 1."""
    level: Literal["error", "warning"] = "error"
    """A file with an error is not used; one with a warning is."""


class Finding(Struct, frozen=True):
    """A problem before its line is looked up."""

    key_path: KeyPath
    message: str
    level: Literal["error", "warning"] = "error"

    def problem(self, line: int | None) -> Problem:
        """The problem with its line."""
        return Problem(message=self.message, key=".".join(self.key_path), line=line, level=self.level)


class FileRead(Struct, frozen=True, kw_only=True):
    """The result of reading the file; ``configuration`` is absent where it is broken."""

    path: str
    exists: bool
    configuration: Configuration | None
    problems: tuple[Problem, ...] = ()
    locate: Callable[[Finding], Problem] = lambda finding: finding.problem(None)
    """Turns a finding into a problem, with its line and its key as written in the file."""

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return self.path.replace("\\", "/").rpartition("/")[2]


class ConfigurationFile(Protocol):
    """The port to the user's configuration file. Both methods block, so they are called in a worker thread."""

    def stamp(self) -> object:
        """A value that changes when the file does."""
        ...

    def read(self) -> FileRead:
        """The file as it is now, checked without the shipped rows; a missing file is an empty configuration."""
        ...


def did_you_mean(word: str, known: tuple[str, ...]) -> str:
    """A remark that offers the nearest known words, or nothing."""
    from difflib import get_close_matches

    near = get_close_matches(word.casefold(), known, n=2, cutoff=0.6)
    return f" (did you mean {' or '.join(near)}?)" if near else ""
