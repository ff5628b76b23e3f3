"""Parts of messages in the forms that wire formats share."""

from __future__ import annotations

from modelport.borders import json_bytes
from modelport.domain.completions.images import image_data
from modelport.domain.errors import InvalidParams
from modelport.domain.providers.rows import Provider
from modelport.protocol.types import ImagePart, Message, TextPart, ToolCall

NO_SIGNATURE = "skip_thought_signature_validator"
"""Stands for the signature of a call that another model made. Source: Gemini API, "Thought signatures", FAQ."""


def plain_text(message: Message) -> str:
    """The text of a message, its parts on lines of their own; images have none."""
    if message.content is None:
        return ""
    if isinstance(message.content, str):
        return message.content
    return "\n".join(part.text for part in message.content if isinstance(part, TextPart))


def has_images(message: Message) -> bool:
    """Whether a message holds more than text."""
    return not isinstance(message.content, str | None) and any(isinstance(p, ImagePart) for p in message.content)


def image_url(part: ImagePart) -> str:
    """The address of an image, as a data URL where it was given by value."""
    found = image_data(part)
    return part.url or "" if found is None else f"data:{found[0]};base64,{found[1]}"


def image_by_value(part: ImagePart, row: Provider) -> tuple[str, str]:
    """The media type and the base64 data of an image, for formats that take no address.

    Raises:
        InvalidParams: the image was given by its address.
    """
    found = image_data(part)
    if found is None:
        raise InvalidParams(
            f"{row.display_name} takes images by value only: send data and mimeType instead of url.",
            kind="unsupported",
            field="messages",
            provider=row.id,
            action="send the image's data",
        )
    return found


def arguments_text(call: ToolCall) -> str:
    """The arguments of a tool call as the text of a JSON object, which the templates of many models insist on."""
    return json_bytes(arguments_object(call)).decode()


def arguments_object(tool_call: ToolCall) -> dict[str, object]:
    """The arguments as an object, for formats that carry nothing else; broken ones travel as text in it."""
    if tool_call.arguments is not None:
        return tool_call.arguments
    return {"text": tool_call.arguments_text} if tool_call.arguments_text else {}
