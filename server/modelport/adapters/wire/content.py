"""Parts of messages in the forms that wire formats share."""

from __future__ import annotations

import base64
import binascii

import msgspec

from modelport.domain.errors import InvalidParams
from modelport.protocol.types import ImagePart, Message, TextPart, ToolCall


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


def image_data(part: ImagePart) -> tuple[str, str] | None:
    """The media type and base64 data of an image given by value or as a data URL; None for an address.

    Raises:
        InvalidParams: neither is given, or the data is not base64.
    """
    if part.data is not None:
        data, media_type = part.data, part.mime_type or _guess(part.data)
    elif part.url is None:
        raise InvalidParams("An image part needs url or data.", field="messages")
    elif not part.url.startswith("data:"):
        return None
    else:
        head, _, data = part.url[5:].partition(",")
        media_type = head.removesuffix(";base64") or "image/png"
    try:
        base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidParams("The data of an image part must be base64.", field="messages") from error
    return media_type, data


def image_url(part: ImagePart) -> str:
    """The address of an image, as a data URL where it was given by value."""
    found = image_data(part)
    return part.url or "" if found is None else f"data:{found[0]};base64,{found[1]}"


def arguments_text(call: ToolCall) -> str:
    """The arguments of a tool call as JSON text."""
    if call.arguments is not None:
        return msgspec.json.encode(call.arguments).decode()
    return call.arguments_text or "{}"


def arguments_object(tool_call: ToolCall) -> dict[str, object]:
    """The arguments as an object, for formats that carry nothing else; broken ones travel as text in it."""
    if tool_call.arguments is not None:
        return tool_call.arguments
    return {"text": tool_call.arguments_text} if tool_call.arguments_text else {}


def _guess(data: str) -> str:
    starts = {"iVBOR": "image/png", "/9j/": "image/jpeg", "R0lGO": "image/gif", "UklGR": "image/webp"}
    return next((media for start, media in starts.items() if data.startswith(start)), "image/png")
