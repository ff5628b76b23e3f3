"""Embeddings, images, moderation, token counts and credit."""

from __future__ import annotations

from collections.abc import Iterable

from modelport.frontends.python.inputs import Prompt, Tools, messages_of, texts_of, tools_of
from modelport.frontends.python.session import Calls
from modelport.protocol import types


class OperationCalls(Calls):
    """The calls for embeddings, images, moderation, token counts and credit."""

    async def embed(
        self,
        texts: str | Iterable[str],
        *,
        model: str | None = None,
        provider: str | None = None,
        dimensions: int | None = None,
        input_type: types.EmbeddingInputType | None = None,
    ) -> types.CreateEmbeddingResult:
        """A vector for each text, in their order, with ``dimensions`` numbers each where the model can shorten them.

        Raises:
            InvalidParams: a parameter is wrong.
            RequestFailed: the provider does not offer it, or failed.
        """
        params = types.CreateEmbeddingParams(
            input=texts_of(texts), model=model, provider=provider, dimensions=dimensions, input_type=input_type
        )
        cases = await (await self._session.app()).operations.get()
        return await cases.embeddings.create(params, self._session.caller())

    async def create_image(
        self,
        prompt: str,
        *,
        model: str | None = None,
        provider: str | None = None,
        size: str | None = None,
        count: int | None = None,
    ) -> types.CreateImageResult:
        """Images of what the prompt describes; ``size`` is width x height in pixels, or a ratio such as 16:9.

        Raises:
            InvalidParams: a parameter is wrong.
            RequestFailed: the provider does not offer it, or failed.
        """
        params = types.CreateImageParams(prompt=prompt, model=model, provider=provider, size=size, count=count)
        cases = await (await self._session.app()).operations.get()
        return await cases.images.create(params, self._session.caller())

    async def moderate(
        self, texts: str | Iterable[str], *, model: str | None = None, provider: str | None = None
    ) -> types.CreateModerationResult:
        """A judgement on all texts together, and on each.

        Raises:
            InvalidParams: a parameter is wrong.
            RequestFailed: the provider does not offer it, or failed.
        """
        params = types.CreateModerationParams(input=texts_of(texts), model=model, provider=provider)
        cases = await (await self._session.app()).operations.get()
        return await cases.moderations.create(params, self._session.caller())

    async def count_tokens(
        self,
        prompt: Prompt,
        *,
        model: str | None = None,
        provider: str | None = None,
        system: str | None = None,
        tools: Tools | None = None,
    ) -> types.CountTokenResult:
        """The input tokens of a prompt or a conversation, by the provider's own count or an estimate.

        Raises:
            InvalidParams: a parameter is wrong.
            RequestFailed: the provider counts tokens, and failed.
        """
        text = prompt if isinstance(prompt, str) else None
        params = types.CountTokenParams(
            text=text,
            messages=messages_of(prompt) if text is None else None,
            model=model,
            provider=provider,
            system=system,
            tools=tools_of(tools),
        )
        cases = await (await self._session.app()).operations.get()
        return await cases.token_counts.count(params, self._session.caller())

    async def credits(self, provider: str) -> types.CreditsUsageResult:
        """The remaining credit of the account, or of the key, at a provider.

        Raises:
            InvalidParams: unknown provider.
            RequestFailed: the provider does not report credit, or failed.
        """
        cases = await (await self._session.app()).operations.get()
        return await cases.balances.look_up(types.CreditsUsageParams(provider=provider))
