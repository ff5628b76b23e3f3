"""Parts of messages in the forms that wire formats share."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from modelport.adapters.wire.content import (
    arguments_object,
    arguments_text,
    has_images,
    image_url,
    plain_text,
)
from modelport.adapters.wire.request import turn_headers
from modelport.domain.completions.images import check_image, image_data
from modelport.domain.errors import InvalidParams
from modelport.domain.providers.rows import TurnHeader
from modelport.protocol.types import ImagePart, Message, TextPart, ToolCall
from support.builders import call, fitted, row, user

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
JPEG = base64.b64encode(b"\xff\xd8\xff\xe0").decode()
GIF = base64.b64encode(b"GIF89a").decode()
WEBP = base64.b64encode(b"RIFF\x00\x00\x00\x00WEBP").decode()
PICTURE = ImagePart(data=PNG, mime_type="image/png")


def test_parts_are_lines_of_text_and_images_have_none() -> None:
    assert plain_text(user("a")) == "a"
    assert plain_text(user([TextPart(text="a"), PICTURE, TextPart(text="b")])) == "a\nb"
    assert plain_text(user([PICTURE])) == ""
    assert plain_text(Message(role="assistant")) == ""


def test_only_parts_hold_images() -> None:
    assert has_images(user([TextPart(text="a"), PICTURE]))
    assert not has_images(user([TextPart(text="a")]))
    assert not has_images(user("a"))
    assert not has_images(Message(role="assistant"))


@pytest.mark.parametrize(
    ("part", "found"),
    [
        (PICTURE, ("image/png", PNG)),
        # The first bytes decide, whatever is said.
        (ImagePart(data=JPEG, mime_type="image/x-own"), ("image/jpeg", JPEG)),
        (ImagePart(url=f"data:image/png;base64,{JPEG}"), ("image/jpeg", JPEG)),
        (ImagePart(url=f"data:image/jpg;charset=utf-8;base64,{WEBP}"), ("image/webp", WEBP)),
        (ImagePart(url=f"DATA:IMAGE/GIF;BASE64,{GIF}"), ("image/gif", GIF)),
        (ImagePart(data=f"data:image/png;base64,{GIF}", mime_type="image/png"), ("image/gif", GIF)),
        (ImagePart(data=f"{PNG[:4]}\n {PNG[4:]}"), ("image/png", PNG)),
        (ImagePart(url="data:image/png;base64,iVBORw0KGgo%3D"), ("image/png", "iVBORw0KGgo=")),
        (ImagePart(data="AAAAHGZ0eXBhdmlm"), ("image/avif", "AAAAHGZ0eXBhdmlm")),
        (ImagePart(data="AAAAHGZ0eXBoZWlj", mime_type="image/jpeg"), ("image/heic", "AAAAHGZ0eXBoZWlj")),
        # What they do not tell is taken from the request, by its proper name.
        (ImagePart(data="AAAA", mime_type="image/jpg"), ("image/jpeg", "AAAA")),
        (ImagePart(data="AAAA", mime_type="image/X-own; charset=x"), ("image/x-own", "AAAA")),
        (ImagePart(data="AAAA"), ("image/png", "AAAA")),
        (ImagePart(data=PNG), ("image/png", PNG)),
        (ImagePart(data=JPEG), ("image/jpeg", JPEG)),
        (ImagePart(data=GIF), ("image/gif", GIF)),
        (ImagePart(data=WEBP), ("image/webp", WEBP)),
        (ImagePart(url=f"data:image/gif;base64,{GIF}"), ("image/gif", GIF)),
        (ImagePart(url="https://i.example/x.png"), None),
    ],
)
def test_image_data(part: ImagePart, found: tuple[str, str] | None) -> None:
    assert image_data(part) == found


@pytest.mark.parametrize(
    "part", [ImagePart(), ImagePart(data="not base64!"), ImagePart(url="data:image/png;base64,???"), ImagePart(data="abc")]
)  # fmt: skip
def test_an_image_without_an_image_is_refused(part: ImagePart) -> None:
    with pytest.raises(InvalidParams) as refused:
        check_image(part, "messages[0].content[1]")
    assert refused.value.field == "messages[0].content[1]"


def test_an_image_by_value_is_a_data_url() -> None:
    assert image_url(PICTURE) == f"data:image/png;base64,{PNG}"
    assert image_url(ImagePart(url="https://i.example/x.png")) == "https://i.example/x.png"
    assert image_url(ImagePart(url=f"data:image/gif;base64,{GIF}")) == f"data:image/gif;base64,{GIF}"


@pytest.mark.parametrize(
    ("tool_call", "text", "value"),
    [
        (ToolCall(id="c", name="f", arguments={"a": "é"}), '{"a":"é"}', {"a": "é"}),
        (ToolCall(id="c", name="f", arguments={}), "{}", {}),
        (ToolCall(id="c", name="f", arguments_text="[1"), '{"text":"[1"}', {"text": "[1"}),
        (ToolCall(id="c", name="f"), "{}", {}),
    ],
)
def test_arguments_as_text_and_as_an_object(tool_call: ToolCall, text: str, value: dict[str, object]) -> None:
    assert arguments_text(tool_call) == text
    assert arguments_object(tool_call) == value


COPILOT = row("copilot", wire={"turn_headers": (TurnHeader(name="X-Initiator", value="user", when="user"), TurnHeader(name="X-Initiator", value="agent", when="agent"), TurnHeader(name="X-Images", value="true", when="images"))})  # fmt: skip
RESULT = Message(role="tool", tool_call_id="c", content="18")
SHOWN = user([TextPart(text="What is this?"), PICTURE])


@pytest.mark.parametrize(
    ("messages", "headers"),
    [
        ((user(),), {"X-Initiator": "user"}),
        ((user(), RESULT), {"X-Initiator": "agent"}),
        ((SHOWN,), {"X-Initiator": "user", "X-Images": "true"}),
        ((SHOWN, RESULT), {"X-Initiator": "agent", "X-Images": "true"}),
    ],
)
def test_headers_that_depend_on_the_conversation(messages: Any, headers: dict[str, str]) -> None:
    assert turn_headers(call(*messages, provider=COPILOT)) == headers
    assert turn_headers(call(*messages)) == {}


def test_images_of_a_tools_result_are_no_turn_of_the_user() -> None:
    """Else each would count as a request of the user's, which costs."""
    made = Message(role="assistant", tool_calls=(ToolCall(id="c", name="f", arguments={}),))
    shown = Message(role="tool", tool_call_id="c", content=(PICTURE,))
    asked = fitted(call(user(), made, shown, provider=COPILOT), "openai_chat")
    assert asked.messages[-1].role == "user"
    assert turn_headers(asked) == {"X-Initiator": "agent", "X-Images": "true"}
