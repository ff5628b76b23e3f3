"""Files, addresses and standard input as parts of a message."""

from __future__ import annotations

import base64
import sys
from pathlib import Path

import click

from modelport.adapters.system.user_path import user_path
from modelport.borders import readable, text_of
from modelport.domain.completions.images import image_type
from modelport.protocol.types import ImagePart, Part, TextPart

KINDS = ("image", "text")
MAX_ATTACHMENT_BYTES = 20 * 1024 * 1024
"""No provider takes a larger image in a request."""
STDIN = "-"


def read_attachment(given: str) -> Part:
    """The part for ``[KIND=]SOURCE``: a file, an image's http(s) address, or standard input as ``-``.

    Without a kind, the content decides between an image and a text.

    Raises:
        click.BadParameter: it cannot be read, is too large, or is neither an image nor a text.
    """
    kind, separator, source = given.partition("=")
    if not separator or kind not in KINDS:
        kind, source = "", given
    if source.startswith(("http://", "https://")):
        if kind == "text":
            raise _problem(f"{source} is an address: download it first, only images may be addresses.")
        return ImagePart(url=source)
    content = _read(source)
    if kind != "text" and (mime_type := image_type(content)):
        return ImagePart(data=base64.b64encode(content).decode(), mime_type=mime_type)
    if kind == "image":
        raise _problem(f"{source} is not an image that is known: give a PNG, JPEG, GIF or WebP file.")
    try:
        text = text_of(content)
    except ValueError as error:
        raise _problem(f"{source} is neither an image nor a text in UTF-8 or UTF-16: convert it first.") from error
    return TextPart(
        text=text if source == STDIN else f'<file name="{readable(Path(source).name)}">\n{text.rstrip()}\n</file>'
    )


def reads_stdin(attachments: tuple[str, ...]) -> bool:
    """Whether one of the attachments is standard input."""
    return any(given.partition("=")[2] == STDIN or given == STDIN for given in attachments)


def _read(source: str) -> bytes:
    if source == STDIN:
        content = sys.stdin.buffer.read(MAX_ATTACHMENT_BYTES + 1)
    else:
        try:
            with user_path(source).open("rb") as file:
                content = file.read(MAX_ATTACHMENT_BYTES + 1)
        except OSError as error:
            raise _problem(f"{source} cannot be read: {error.strerror or 'check the name'}.") from error
    if len(content) > MAX_ATTACHMENT_BYTES:
        raise _problem(f"{source} is larger than {MAX_ATTACHMENT_BYTES // 1024**2} MB: attach a part of it.")
    return content


def _problem(message: str) -> click.BadParameter:
    return click.BadParameter(message, param_hint="--attach")
