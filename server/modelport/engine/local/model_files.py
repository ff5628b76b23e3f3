"""The user's own model files: lists them, finds one by name, and runs a server for as long as one is called."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, nullcontext

import anyio
import anyio.to_thread
from msgspec.structs import replace

from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.local.model_files import ModelFolder, ModelRunner, OnProgress, Plan, context_length, named
from modelport.domain.providers.configuration import LocalModelsEntry
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.credential import Credential
from modelport.domain.providers.model_file import FromFolder, ModelFile
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Provider
from modelport.protocol.types import Check

MAX_NAMES = 3

Load = Callable[[], tuple[ModelFolder, ModelRunner]]
Loading = Callable[[str], AbstractContextManager[object]]
"""Surrounds the start of a server, with a text to show meanwhile."""


class LocalModels:
    """The models of the folder that the configuration names. Implements ``FolderModels``."""

    def __init__(
        self, registry: Registry, secret_env_vars: Callable[[], frozenset[str]], load: Load, loading: Loading
    ) -> None:
        self._registry = registry
        self._secret_env_vars = secret_env_vars
        self._load = load
        self._loading = loading
        self._loaded: tuple[ModelFolder, ModelRunner] | None = None
        self._lock = anyio.Lock()

    def serves(self, row: Provider) -> bool:
        """Whether the provider's models are those of the folder."""
        return self._registry.in_folder(row)

    async def chosen(self, row: Provider, name: str | None) -> FromFolder:
        """The target of a call: the model that a name means, or none where none is named.

        Raises:
            RequestFailed: there is no such model, there are several, it cannot be used, or the folder cannot be read.
        """
        return FromFolder(await self._find(row, name) if name else None)

    async def _find(self, row: Provider, name: str) -> ModelFile:
        models = await self._models()
        matches = named(models, name)
        if len(matches) == 1 and matches[0].listed:
            return matches[0]
        if not matches:
            why = f'There is no model file "{name}"{_names(name, [model.id for model in models if model.listed])}.'
        elif len(matches) > 1:
            why = f'Several model files are called "{name}": write one of {", ".join(model.id for model in matches)}.'
        else:
            why = f"The model file {matches[0].id} {matches[0].refusal}."
        raise RequestFailed("model_not_found", why, provider=row.id, model=name, action="name another model")

    async def models(self) -> list[ModelFile]:
        """The models in working order, by name.

        Raises:
            RequestFailed: the folder cannot be read.
        """
        return [model for model in await self._models() if model.listed]

    def context_length(self, model: ModelFile) -> int | None:
        """The tokens that a server for the model takes, input and output together."""
        return context_length(model, self._entry())

    async def check_program(self, row: Provider) -> None:
        """Checks that the program that serves models exists.

        Raises:
            RequestFailed: there is none.
        """
        entry = self._entry()
        if not await (await self._parts())[0].can_serve(entry):
            raise RequestFailed(
                "provider_unavailable",
                "The program that serves model files is missing: install llama.cpp, or correct command of "
                "[local_models].",
                provider=row.id,
                action="install llama.cpp",
            )

    async def running(self, endpoint: Endpoint) -> bool:
        """Whether the server of an endpoint runs."""
        return (await self._parts())[1].runs(self._plan(endpoint))

    @asynccontextmanager
    async def serving(self, endpoint: Endpoint, on_progress: OnProgress) -> AsyncGenerator[Endpoint]:
        """The endpoint with the address of its server, which is started where it does not run, and kept for the block.

        Raises:
            RequestFailed: it does not start.
        """
        runner, plan = (await self._parts())[1], self._plan(endpoint)
        async with AsyncExitStack() as stack:
            with nullcontext() if runner.runs(plan) else self._loading(f"Loading {plan.model.id}"):
                try:
                    served = await stack.enter_async_context(runner.serving(plan, on_progress))
                except RequestFailed as failure:
                    failure.provider, failure.model = endpoint.provider.id, plan.model.id
                    raise
            credential = Credential(provider=endpoint.provider.id, source="session", secret=served.key)
            yield replace(endpoint, base_url=served.base_url, credential=credential)

    async def check(self) -> Check:
        """The check of the folder and the program, for diagnostics."""
        entry = self._registry.local_models
        if entry is None:
            return Check(id="localModels", status="ok", detail="no folder of model files is configured")
        folder = (await self._parts())[0]
        try:
            models = await folder.models(entry.folder)
        except OSError as error:
            detail = f"{entry.folder}: {error.strerror or type(error).__name__}"
            return Check(
                id="localModels", status="fail", detail=detail, action="make the folder, or correct [local_models]"
            )
        if not await folder.can_serve(entry):
            return Check(
                id="localModels",
                status="fail",
                detail=f"{entry.folder}, and no program {entry.command[0]} to serve them with",
                action="install llama.cpp, or set command in [local_models]",
            )
        listed = sum(model.listed for model in models)
        broken = [f"{model.id} {model.trouble}" for model in models if model.trouble is not None]
        detail = f"{entry.folder}, models: {listed}"
        if broken or not listed:
            more = f"; {broken[0]}" if broken else ""
            more += f"; and {len(broken) - 1} more" if len(broken) > 1 else ""
            return Check(id="localModels", status="warn", detail=detail + more, action="see to the files")
        return Check(id="localModels", status="ok", detail=detail)

    async def aclose(self) -> None:
        """Ends every server."""
        if self._loaded is not None:
            await self._loaded[1].aclose()

    def _plan(self, endpoint: Endpoint) -> Plan:
        assert endpoint.folder is not None  # noqa: S101  the callers check it
        if endpoint.folder.model is None:
            raise InvalidParams("Name a model.", field="model", provider=endpoint.provider.id)
        return Plan(model=endpoint.folder.model, entry=self._entry(), secret_env_vars=self._secret_env_vars())

    def _entry(self) -> LocalModelsEntry:
        entry = self._registry.local_models
        if entry is None:
            raise RequestFailed(
                "provider_unavailable", "The configuration names no folder of model files any more.", action="try again"
            )
        return entry

    async def _models(self) -> Sequence[ModelFile]:
        folder = (await self._parts())[0]
        try:
            return await folder.models(self._entry().folder)
        except OSError as error:
            raise RequestFailed(
                "provider_unavailable",
                f"The folder of model files cannot be read ({error.strerror or type(error).__name__}): correct folder "
                "of [local_models].",
                action="correct the folder",
            ) from error

    async def _parts(self) -> tuple[ModelFolder, ModelRunner]:
        """The adapters, loaded off the event loop on first use."""
        if self._loaded is None:
            async with self._lock:
                if self._loaded is None:
                    self._loaded = await anyio.to_thread.run_sync(self._load)
        return self._loaded


def _names(name: str, there: Sequence[str]) -> str:
    # Only a mistake pays for this import.
    from modelport.domain.models.search import nearest

    near = nearest(name, there)
    if near:
        return f": did you mean {' or '.join(near)}"
    if not there:
        return ": the folder of [local_models] has none"
    more = f" and {len(there) - MAX_NAMES} more" if len(there) > MAX_NAMES else ""
    return f": there {'are' if len(there) > 1 else 'is'} {', '.join(there[:MAX_NAMES])}{more}"
