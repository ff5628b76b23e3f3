"""Draws images."""

from __future__ import annotations

import re

from modelport.domain.errors import InvalidParams
from modelport.domain.operations.calls import Drawn, ImageCall, ImageGenerator, images_wire
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.rows import Provider
from modelport.domain.spending.usage import Expected, tokens_of
from modelport.engine.calls.recorder import Caller
from modelport.engine.operations.calls import OperationCalls, OperationKind, Work
from modelport.engine.operations.meter import OperationMeter
from modelport.protocol import types

MAX_IMAGES = 10
SIZE = re.compile(r"[1-9]\d{0,4}[x:][1-9]\d{0,4}|[a-z][a-z0-9_-]{0,19}|[1-9][kK]", re.ASCII)


class Images:
    """The use case of ``image/create``."""

    def __init__(self, calls: OperationCalls, operations: ImageGenerator) -> None:
        self._calls = calls
        self._operations = operations

    async def create(self, params: types.CreateImageParams, caller: Caller) -> types.CreateImageResult:
        """Images of what the prompt describes.

        Raises:
            InvalidParams: a parameter is wrong.
            RequestFailed: the provider has no images, or failed.
        """
        count = 1 if params.count is None else params.count
        if not params.prompt.strip():
            raise InvalidParams("prompt must not be empty.", field="prompt")
        if not 1 <= count <= MAX_IMAGES:
            raise InvalidParams(f"count must be from 1 to {MAX_IMAGES}.", field="count")
        if params.size is not None and not SIZE.fullmatch(params.size):
            raise InvalidParams("size must be written like 1024x1024 or 16:9.", field="size")

        def plan(endpoint: Endpoint, model: str) -> Work[Drawn] | None:
            wire = images_wire(endpoint)
            if wire is None:
                return None
            call = ImageCall(
                endpoint=endpoint, wire=wire, model=model, prompt=params.prompt, size=params.size, count=count
            )

            async def work(meter: OperationMeter) -> Drawn:
                drawn = await self._operations.draw(call)
                meter.add(drawn.input_tokens, drawn.output_tokens, tokens_of(params.prompt))
                return drawn

            return work

        done = await self._calls.run(params, IMAGES, caller, Expected(input_tokens=tokens_of(params.prompt)), plan)
        return types.CreateImageResult(
            images=done.result.images, usage=done.usage, model=done.model, provider=done.provider
        )


def _usual(row: Provider) -> str | None:
    return row.wire.images.default_model if row.wire.images else None


IMAGES = OperationKind("generate_content", "images", _usual)
