"""Which targets can take a request at all, as far as their models are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from msgspec import Struct

from modelport.domain.completions.request import CompletionRequest, input_characters
from modelport.domain.spending.usage import CHARACTERS_PER_TOKEN
from modelport.protocol.types import ImagePart

MARGIN = 1.1
"""By how much an estimate may be too low."""
MIN_CHECKED_TOKENS = 4000
"""Models with a smaller window are hardly served: shorter inputs are sent without looking at windows."""

T = TypeVar("T")


class ModelFacts(Struct, frozen=True):
    """What is known of a model; None: unknown."""

    window: int | None = None
    """Tokens of input and output."""
    tools: bool | None = None
    images: bool | None = None


UNKNOWN = ModelFacts()


class Needs(Struct, frozen=True):
    """What a request needs from a model."""

    tokens: int
    """The estimated input with its margin."""
    tools: bool = False
    images: bool = False

    @property
    def are_common(self) -> bool:
        """Whether practically every model has what is needed, so that nothing has to be looked up."""
        return not self.tools and not self.images and self.tokens <= MIN_CHECKED_TOKENS


def needs_of(request: CompletionRequest) -> Needs:
    """What a request needs."""
    tokens = input_characters(request.messages, request.tools) / CHARACTERS_PER_TOKEN
    images = any(
        isinstance(part, ImagePart)
        for message in request.messages
        if message.content is not None and not isinstance(message.content, str)
        for part in message.content
    )
    return Needs(round(tokens * MARGIN), bool(request.tools) and request.tool_choice != "none", images)


def missing_feature(facts: ModelFacts, needs: Needs) -> str | None:
    """What a model is known to lack, for a sentence; None where it lacks nothing."""
    if needs.tools and facts.tools is False:
        return "takes no tools"
    return "takes no images" if needs.images and facts.images is False else None


def is_too_small(facts: ModelFacts, tokens: int) -> bool:
    """Whether a model's known context window cannot hold an input."""
    return facts.window is not None and facts.window < tokens


def by_window(targets: Sequence[tuple[T, ModelFacts]], above: int) -> list[T]:
    """The targets whose window is larger, in their order, then those whose window is unknown."""
    larger = [target for target, facts in targets if facts.window is not None and facts.window > above]
    return larger + [target for target, facts in targets if facts.window is None]
