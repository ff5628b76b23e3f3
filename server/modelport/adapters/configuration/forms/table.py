"""The programs whose documents are understood, each known by the settings that only it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from modelport.adapters.configuration.forms import ai_router, continue_dev, eca, litellm, opencode, skynet, zed
from modelport.adapters.configuration.forms.translated import Find, Translated
from modelport.domain.errors import InvalidParams
from modelport.protocol.shapes import is_list, is_object

Form = Literal["continue", "opencode", "zed", "eca", "skynet", "ai_router"]
"""A program that keeps its settings in a file of its own, so that the form of a file is known without a look at it."""
FORMS: Mapping[Form, Callable[[dict[str, Any], Find], Translated]] = {
    "continue": continue_dev.translate,
    "opencode": opencode.translate,
    "zed": zed.translate,
    "eca": eca.translate,
    "skynet": lambda document, _find: skynet.translate(document),
    "ai_router": lambda document, _find: ai_router.translate(document) if ai_router.is_form(document) else Translated(),
}
"""The forms by their names."""


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
    if is_object(raw.get(zed.PART)):
        return zed.PROGRAM, zed.translate(raw, find)
    if eca.is_form(raw.get("providers")):
        return eca.PROGRAM, eca.translate(raw, find)
    if is_object(raw.get("providers")) or is_object(raw.get("agent")):
        return skynet.PROGRAM, skynet.translate(raw)
    if raw and all(is_object(value) for value in raw.values()):
        return "the AI router", ai_router.translate(raw)
    raise InvalidParams(
        "This is no document of SmartopolAI, the AI router, LiteLLM, Continue, opencode, Zed or ECA.", field="file"
    )
