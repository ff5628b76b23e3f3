"""The ports of the engine: protocols that adapters implement."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from modelport.domain.completions.call import Answer, ModelCall
    from modelport.domain.local.fingerprints import Reply
    from modelport.domain.local.servers import ServerAddress
    from modelport.domain.providers.connection import Endpoint, Verification
    from modelport.domain.providers.credential import Credential, StoredKey
    from modelport.domain.providers.model_file import FromFolder
    from modelport.domain.providers.rows import Provider
    from modelport.domain.spending.usage import CallRecord
    from modelport.protocol.secret import Secret
    from modelport.protocol.types import (
        Call,
        CredentialSource,
        CredentialStoreId,
        CredentialStoreStatus,
        Dialect,
        UsageGroup,
        UsageGroupBy,
        UsageTotals,
    )


class Completer(Protocol):
    """A wire format: turns calls into requests and their replies into answers."""

    async def complete(self, call: ModelCall, answer: Answer) -> None:
        """Sends the call and feeds the answer until it is whole.

        Raises:
            InvalidParams: the wire format has no field for a value of the call.
            RequestFailed: the provider could not be reached, refused, failed or broke off.
        """
        ...

    async def prepare(self, endpoint: Endpoint) -> None:
        """Loads what calls to the endpoint will need, off the event loop, so that the first does not wait for it."""
        ...

    async def verify(self, endpoint: Endpoint) -> Verification:
        """Makes the cheapest request that needs the credential.

        Raises:
            RequestFailed: it did not succeed.
        """
        ...


class Dialects(Protocol):
    """The wire formats this build speaks."""

    def speaks(self, dialect: Dialect) -> bool:
        """Whether the build speaks it."""
        ...

    async def get(self, endpoint: Endpoint) -> Completer:
        """The completer for calls to an endpoint, loaded off the event loop on first use."""
        ...


class Environment(Protocol):
    """The process environment, read at the moment of use."""

    def variables(self) -> Mapping[str, str]:
        """The variables as they are now."""
        ...


class Commands(Protocol):
    """Programs that the configuration names to print a value."""

    async def output(self, command: Sequence[str], secret_env_vars: Collection[str]) -> Secret:
        """The first line that a program prints, run without a shell and without ``secret_env_vars``.

        Raises:
            RequestFailed: it cannot be run, fails, prints nothing of use or takes too long.
        """
        ...


class CredentialStore(Protocol):
    """Stores the keys of each provider where the user's other secrets are: the keyring, a client's vault, or a file.

    Every method may wait for a person, so it never blocks the event loop and gives up in time.

    Raises:
        RequestFailed: the store cannot be used; the message says why and what else to do.
    """

    async def get(self, provider: str, *, unlock: bool = True, fresh: bool = False) -> StoredKey | None:
        """The key stored for a provider; without ``unlock`` it fails where the user would have to unlock the store.

        ``fresh`` reads what another process may have stored a moment ago.
        """
        ...

    async def set(self, provider: str, key: StoredKey, store: CredentialStoreId | None = None) -> None:
        """Stores a key with its further ones, in place of all others of the provider.

        Without ``store`` it goes where the provider's key is, else to the keyring or what stands in for it; it goes
        into a file of keys only by name.
        """
        ...

    async def delete(self, provider: str) -> bool:
        """Deletes a key; returns whether there was one."""
        ...

    async def providers(self, *, quick: bool = False) -> Sequence[str]:
        """The providers a key is stored for, without reading the keys; ``quick`` from a list, which may be lost."""
        ...

    def location(self, provider: str) -> str:
        """What to call the entry when talking to a person."""
        ...

    async def check(self, provider: str, store: CredentialStoreId | None = None) -> None:
        """Returns where ``set`` could store a key now; its owner may be asked to find out.

        Raises:
            RequestFailed: it could not.
        """
        ...

    def source(self, provider: str) -> CredentialSource:
        """Where the entry is stored, as far as is known from the last list or reading."""
        ...

    def invalidate(self, provider: str) -> None:
        """Has the provider's keys read again at their next use, because one was refused."""
        ...

    async def statuses(self, *, prompting: bool = False) -> Sequence[CredentialStoreStatus]:
        """The places where keys are stored, in the order of reading, and whether each can be used.

        Only with ``prompting`` the user may be asked for something to find out.
        """
        ...


class VendorFiles(Protocol):
    """Credentials and settings of the vendors' own tools on this machine. Reads files, never the network."""

    async def credential(self, row: Provider, given: Mapping[str, str]) -> Credential | None:
        """The credential that the tools have for a provider with a log-in of its own, if there is one.

        ``given`` are values in place of those in the environment.
        """
        ...

    async def settings(self, row: Provider, given: Mapping[str, str]) -> Mapping[str, str]:
        """Values that stand in the tools' files, under the names of the variables they would have."""
        ...


class UsageLedger(Protocol):
    """Stores a row per call, shared by all processes of the user."""

    async def record(self, call: CallRecord) -> Call:
        """Returns when the row is safe from a crash of this process, and soon whatever becomes of it.

        The id is 0 while the row waits to be written.
        """
        ...

    async def problem(self) -> str | None:
        """What keeps rows from being written now, as a sentence; None where nothing does."""
        ...

    async def totals(self, since_ms: int | None = None, until_ms: int | None = None) -> UsageTotals:
        """The sums of a period; without bounds, of all time."""
        ...

    async def groups(
        self, by: UsageGroupBy, since_ms: int | None = None, until_ms: int | None = None
    ) -> Sequence[tuple[str, UsageTotals]]:
        """The sums of a period per group."""
        ...

    async def nested_groups(
        self, by: Sequence[UsageGroupBy], since_ms: int | None = None, until_ms: int | None = None
    ) -> Sequence[UsageGroup]:
        """The sums of a period per group, each with the groups of the next name in ``by``."""
        ...

    async def history(
        self,
        *,
        since_ms: int | None = None,
        until_ms: int | None = None,
        limit: int = 100,
        model: str | None = None,
    ) -> Sequence[Call]:
        """Calls of a period, newest first."""
        ...


class KeyUses(Protocol):
    """When keys were sent, as far as the ledger knows."""

    async def last_used_ms(self) -> Mapping[tuple[str, str], int]:
        """The last call with each key, by provider and fingerprint: milliseconds since 1970, UTC.

        Raises:
            RequestFailed: the ledger cannot be read.
        """
        ...


class Clock(Protocol):
    """Wall-clock time."""

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        ...


class Log(Protocol):
    """The part of a logger that use cases need."""

    def warning(self, msg: object, *args: object) -> None:
        """Writes a line."""
        ...

    def info(self, msg: object, *args: object, exc_info: bool = False) -> None:
        """Writes a line that only a search for a cause needs, with the exception that is handled if that is wanted."""
        ...


class DataFolder(Protocol):
    """The folder that holds the ledger and the caches."""

    @property
    def path(self) -> str:
        """Where it is."""
        ...

    async def problem(self) -> str | None:
        """Why it cannot be used, or None."""
        ...

    async def openness(self) -> str | None:
        """What other users can do in it, as the end of a sentence, or None."""
        ...


class FolderModels(Protocol):
    """Model files of the user's own, as the models of a provider."""

    def serves(self, row: Provider) -> bool:
        """Whether the provider's models are those of the folder."""
        ...

    async def chosen(self, row: Provider, name: str | None) -> FromFolder:
        """The target of a call: the model that a name means, or none where none is named.

        Raises:
            RequestFailed: there is no such model, there are several, or the folder cannot be read.
        """
        ...


class LocalProber(Protocol):
    """Sends GET requests to servers of this machine. Sends no credential, uses no proxy and follows no redirect."""

    async def get(self, address: ServerAddress, path: str, max_body_bytes: int) -> Reply | None:
        """The reply to a GET, its body cut at the limit; None where there is no server or it does not speak HTTP."""
        ...


class ListeningPorts(Protocol):
    """The ports of this machine that the user's own programs listen on."""

    async def ports(self) -> frozenset[int]:
        """Those open on this machine, without this process's own; empty where the system does not list them."""
        ...

    async def listeners(self) -> Mapping[int, int | None]:
        """The same ports, each with the id of the process that listens, None where that is unknown. Costs more."""
        ...
