"""A peer: a server that does its completions with a library, as most servers do.

It only parses: no delta is sent on, so its numbers are a little better than a server's could be.
With ``--lazy`` the library is imported by the first completion instead of at the start.

Usage: peer_server.py LIBRARY [--lazy]
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from functools import cache
from typing import Any

from stdio_server import Cancel, StdioServer

Deltas = Callable[[str, str, str], AsyncIterator[str]]
"""From an address, a model and a prompt to the deltas of the answer."""


def openai_sdk() -> Deltas:
    """The OpenAI SDK, one client for all."""
    from openai import AsyncOpenAI

    client = AsyncOpenAI(api_key="none", base_url="http://127.0.0.1", max_retries=0)
    # The types of a completion are loaded when its attribute is first touched.
    completions = client.chat.completions

    async def deltas(base_url: str, model: str, prompt: str) -> AsyncIterator[str]:
        client.base_url = base_url
        messages: Any = [{"role": "user", "content": prompt}]
        async with await completions.create(
            model=model, messages=messages, stream=True, stream_options={"include_usage": True}
        ) as stream:
            async for chunk in stream:
                if chunk.choices and (text := chunk.choices[0].delta.content):
                    yield text

    return deltas


def any_llm() -> Deltas:
    """any-llm, over the OpenAI SDK, one client for all."""
    from any_llm import AnyLLM

    @cache
    def client(base_url: str) -> AnyLLM:
        return AnyLLM.create("openai", api_key="none", api_base=base_url)

    async def deltas(base_url: str, model: str, prompt: str) -> AsyncIterator[str]:
        messages: Any = [{"role": "user", "content": prompt}]
        stream: Any = await client(base_url).acompletion(model=model, messages=messages, stream=True)
        async for chunk in stream:
            if chunk.choices and (text := chunk.choices[0].delta.content):
                yield text

    return deltas


def pydantic_ai() -> Deltas:
    """Pydantic AI, over the OpenAI SDK, one agent for each model."""
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    @cache
    def agent(base_url: str, model: str) -> Agent:
        return Agent(OpenAIChatModel(model, provider=OpenAIProvider(base_url=base_url, api_key="none")))

    async def deltas(base_url: str, model: str, prompt: str) -> AsyncIterator[str]:
        async with agent(base_url, model).run_stream(prompt) as result:
            async for text in result.stream_text(delta=True, debounce_by=None):
                yield text

    return deltas


def litellm() -> Deltas:
    """LiteLLM."""
    from litellm import acompletion

    async def deltas(base_url: str, model: str, prompt: str) -> AsyncIterator[str]:
        messages: Any = [{"role": "user", "content": prompt}]
        stream: Any = await acompletion(
            model=f"openai/{model}", api_base=base_url, api_key="none", messages=messages, stream=True
        )
        async for chunk in stream:
            if chunk.choices and (text := chunk.choices[0].delta.content):
                yield text

    return deltas


LIBRARIES: dict[str, Callable[[], Deltas]] = {
    "openai": openai_sdk,
    "any-llm": any_llm,
    "pydantic-ai": pydantic_ai,
    "litellm": litellm,
}


class Peer:
    """Completions over one library."""

    def __init__(self, load: Callable[[], Deltas], *, lazy: bool) -> None:
        self._load = load
        self._deltas = None if lazy else load()
        self._running: set[asyncio.Task[None]] = set()

    def complete(self, server: StdioServer, number: int, params: dict[str, Any]) -> Cancel:
        """Begins a completion."""
        task = asyncio.create_task(self._complete(server, number, params))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task.cancel

    async def _complete(self, server: StdioServer, number: int, params: dict[str, Any]) -> None:
        try:
            server.reply(number, await self._answer(server.base_url, params["model"], params["prompt"]))
        except asyncio.CancelledError:
            server.fail(number, -32800, "The request was cancelled.")
            raise
        except Exception as error:
            server.fail(number, -32803, str(error))

    async def _answer(self, base_url: str, model: str, prompt: str) -> dict[str, Any]:
        if self._deltas is None:
            self._deltas = self._load()
        stamped = model.startswith("paced")
        texts: list[str] = []
        delays_ns: list[int] = []
        async for text in self._deltas(base_url, model, prompt):
            texts.append(text)
            if stamped:
                delays_ns.append(time.monotonic_ns() - int(text))
        return {"text": "".join(texts), "delaysNs": delays_ns}


async def serve() -> None:
    """Serves until stdin ends."""
    await StdioServer(Peer(LIBRARIES[sys.argv[1]], lazy="--lazy" in sys.argv).complete).run()


if __name__ == "__main__":
    asyncio.run(serve())
