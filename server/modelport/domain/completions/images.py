"""Reads the images of a request: whether one is there, its media type and its data."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import unquote

from modelport.domain.errors import InvalidParams
from modelport.protocol.types import ImagePart

SNIFFED_CHARS = 16
"""Of base64: twelve bytes."""
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


def check_image(part: ImagePart, path: str) -> None:
    """Checks an image of a request once, before a provider is chosen; ``path`` is that of the part.

    Raises:
        InvalidParams: it has neither an address nor data, or both, names a file, or its data is not base64.
    """
    if (part.data is None) == (part.url is None):
        raise InvalidParams(f"{path} must be an image with url or data, and not with both.", field=path)
    if (part.url or "")[:5].casefold() == "file:":
        raise InvalidParams(f"{path}.url must not be a file: send its content as data.", field=f"{path}.url")
    value = _value(part)
    if value is None:
        return
    try:
        base64.b64decode(value[1], validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidParams(f"{path} must have an image in base64.", field=path) from error


def image_data(part: ImagePart) -> tuple[str, str] | None:
    """The media type and base64 data of a checked image given by value or as a data URL; None for an address.

    The bytes tell the type, whatever was said; only what they do not tell is taken from the request.
    """
    value = _value(part)
    if value is None:
        return None
    said, data = value
    return image_type(base64.b64decode(data[:SNIFFED_CHARS])) or SAME_TYPES.get(said, said) or "image/png", data


def _value(part: ImagePart) -> tuple[str, str] | None:
    """The media type that was said, and the data without white space; None for an address."""
    if part.data is not None and part.data[:5].casefold() != "data:":
        head, data = part.mime_type or "", part.data
    else:
        # Some clients give a data URL as the data.
        url = part.data or part.url or ""
        if url[:5].casefold() != "data:":
            return None
        head, data = _split(url)
    return head.partition(";")[0].strip().casefold(), "".join(data.split())


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
