"""The programs whose documents are understood, each known by the settings that only it has."""

from __future__ import annotations

from typing import Any

from modelport.adapters.configuration.forms import ai_router, continue_dev, litellm, opencode, skynet
from modelport.adapters.configuration.forms.endpoints import Find
from modelport.adapters.configuration.forms.translated import Translated
from modelport.domain.errors import InvalidParams
from modelport.protocol.shapes import is_list, is_object


def translated(raw: dict[str, Any], find: Find) -> tuple[str, Translated]:
    """The program that a document is of, and the document as ours.

    Raises:
        InvalidParams: it is of none of them.
    """
    if is_list(raw.get(litellm.LIST)):
        return litellm.PROGRAM, litellm.translate(raw, find)
    if is_object(raw.get("provider")) or "opencode.ai" in str(raw.get("$schema")):
        return opencode.PROGRAM, opencode.translate(raw, find)
    if is_list(raw.get("models")):
        return continue_dev.PROGRAM, continue_dev.translate(raw, find)
    if is_object(raw.get("providers")) or is_object(raw.get("agent")):
        return skynet.PROGRAM, skynet.translate(raw)
    if raw and all(is_object(value) for value in raw.values()):
        return "the AI router", ai_router.translate(raw)
    raise InvalidParams(
        "This is no document of SmartopolAI, the AI router, LiteLLM, Continue or opencode.", field="file"
    )
