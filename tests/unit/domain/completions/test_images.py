"""The images of a request: what they are, and the path of a mistake."""

from __future__ import annotations

import base64

import pytest

from modelport.domain.completions.images import image_data
from modelport.domain.completions.request import read_request
from modelport.domain.errors import InvalidParams
from modelport.protocol.types import CreateCompletionParams, ImagePart, Message, TextPart

JPEG = base64.b64encode(b"\xff\xd8\xff\xe0").decode()


def test_the_bytes_tell_the_type_whatever_was_said() -> None:
    assert image_data(ImagePart(data=JPEG, mime_type="image/png")) == ("image/jpeg", JPEG)
    assert image_data(ImagePart(data="AAAA")) == ("image/png", "AAAA")


def test_a_type_is_told_by_the_first_bytes_only() -> None:
    """Checked once as a whole; each try of a provider reads no more than it needs."""
    assert image_data(ImagePart(data=f"{JPEG[:4]} AAAAAAAAAAAA{'?' * 100}")) is not None


@pytest.mark.parametrize(
    ("part", "field"),
    [
        (ImagePart(), "messages[1].content[1]"),
        (ImagePart(data="?"), "messages[1].content[1]"),
        (ImagePart(data="AAAA", url="https://i.example/x.png"), "messages[1].content[1]"),
        (ImagePart(url="FILE:///etc/hostname"), "messages[1].content[1].url"),
    ],
)
def test_an_image_is_checked_before_a_provider_is_chosen(part: ImagePart, field: str) -> None:
    messages = (Message(role="system", content="Be brief."), Message(role="user", content=(TextPart(text="x"), part)))
    with pytest.raises(InvalidParams) as refused:
        read_request(CreateCompletionParams(messages=messages))
    assert refused.value.field == field


def test_an_address_is_left_to_the_provider() -> None:
    part = ImagePart(url="http://127.0.0.1/x.png")
    assert image_data(part) is None
    assert read_request(CreateCompletionParams(messages=(Message(role="user", content=(part,)),))).messages
