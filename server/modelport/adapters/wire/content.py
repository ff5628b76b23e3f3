"""Parts of messages in the forms that wire formats share."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import unquote

import msgspec

from modelport.domain.errors import InvalidParams
from modelport.protocol.types import ImagePart, Message, TextPart, ToolCall

SNIFFED_BYTES = 12
MAGIC: Mapping[bytes, str] = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"BM": "image/bmp",
    b"II*\x00": "image/tiff",
    b"MM\x00*": "image/tiff",
    b"%PDF-": "application/pdf",
}
BRANDS: Mapping[bytes, str] = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
}
SAME_TYPES: Mapping[str, str] = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png"}
"""Names that are no media types, and those that are meant."""


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

    The bytes tell the type, whatever was said; only what they do not tell is taken from the request.

    Raises:
        InvalidParams: neither is given, or the data is not base64.
    """
    if part.data is not None:
        # Some clients give a data URL as the data.
        head, data = _split(part.data) if part.data[:5].casefold() == "data:" else (part.mime_type or "", part.data)
    elif part.url is None:
        raise InvalidParams("An image part needs url or data.", field="messages")
    elif part.url[:5].casefold() != "data:":
        return None
    else:
        head, data = _split(part.url)
    data = "".join(data.split())
    try:
        start = base64.b64decode(data, validate=True)[:SNIFFED_BYTES]
    except (binascii.Error, ValueError) as error:
        raise InvalidParams("The data of an image part must be base64.", field="messages") from error
    said = head.partition(";")[0].strip().casefold()
    return image_type(start) or SAME_TYPES.get(said, said) or "image/png", data


def image_type(start: bytes) -> str | None:
    """The media type of an image by its first bytes; None where they tell none.

    Source: MIME Sniffing Standard, image type patterns; ISO 23008-12 for HEIF, AVIF specification.
    """
    if start[4:8] == b"ftyp":
        return BRANDS.get(start[8:12])
    if start[:4] == b"RIFF":
        return "image/webp" if start[8:12] == b"WEBP" else None
    return next((media_type for magic, media_type in MAGIC.items() if start.startswith(magic)), None)


def _split(url: str) -> tuple[str, str]:
    """What stands before the comma of a data URL, and the data."""
    head, _, data = url[5:].partition(",")
    return head, unquote(data) if "%" in data else data


def image_url(part: ImagePart) -> str:
    """The address of an image, as a data URL where it was given by value."""
    found = image_data(part)
    return part.url or "" if found is None else f"data:{found[0]};base64,{found[1]}"


def arguments_text(call: ToolCall) -> str:
    """The arguments of a tool call as the text of a JSON object, which the templates of many models insist on."""
    return msgspec.json.encode(arguments_object(call)).decode()


def arguments_object(tool_call: ToolCall) -> dict[str, object]:
    """The arguments as an object, for formats that carry nothing else; broken ones travel as text in it."""
    if tool_call.arguments is not None:
        return tool_call.arguments
    return {"text": tool_call.arguments_text} if tool_call.arguments_text else {}
