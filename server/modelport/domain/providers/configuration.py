"""The configuration file as types, from which its checks, schema and documentation are made.

The docstring under a field is its description in the published schema.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal, Protocol

from msgspec import Meta, Struct

from modelport.domain.providers.rows import Capability, Wire
from modelport.protocol.secret import Secret
from modelport.protocol.types import ConnectionType, Dialect

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
    wire: Wire | None = None
    """How the provider's servers differ from the plain dialect."""


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
    wsl: bool = False
    """On Windows: run the command in WSL and give it paths below /mnt. Ignored elsewhere."""
    path_mapping: dict[str, str] = {}
    """Folders as Modelport sees them, and as the server does."""


class Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The configuration of Modelport."""

    default_model: Name | None = None
    """PROVIDER/MODEL for requests that name neither, while nothing is connected."""
    timeout_s: Seconds | None = None
    """The idle timeout of all providers: seconds without a byte from one. Absent: 300 until text has come, then 300
    where tools are offered or the server is your own, else 30."""
    providers: dict[str, ProviderEntry] = {}
    """Providers by name: a new name defines one, the id or an alias of a known one changes its fields."""
    local_models: LocalModelsEntry | None = None
    """Model files of your own, served on demand as models of llama-cpp."""


class Configuration(Struct, frozen=True, kw_only=True):
    """The contents of a file without an error.

    ``wire`` holds, per provider, the wire flags that the file sets, since a flag set to its default still
    changes a row. ``keys`` are the API keys in the file itself, which only one form allows.
    """

    document: Document = Document()
    wire: dict[str, dict[str, object]] = {}
    keys: dict[str, Secret] = {}


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
