"""Images: each form's request and reply, sizes, and what was refused for its content."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.adapters.operations.images import decode, per_request, request
from modelport.adapters.wire.errors import NotUnderstood, ProviderRefused
from modelport.domain.errors import InvalidParams
from modelport.domain.operations.calls import ImageCall
from modelport.domain.providers.wire.operations import ImagesWire
from modelport.protocol.types import Image
from support.builders import endpoint, row

OPENAI = ImagesWire(form="openai")
CHAT = ImagesWire(form="chat", size="aspect_ratio")
GOOGLE = ImagesWire(form="gemini", size="aspect_ratio", predicted_models=("imagen-*",))
PLAIN = {"model": "some-model", "prompt": "a harbour"}
PNG = "iVBORw0KGgo="


def call(wire: ImagesWire = OPENAI, model: str = "some-model", **changes: Any) -> ImageCall:
    provider = row("google", dialect="gemini") if wire.form == "gemini" else row()
    return ImageCall(endpoint=endpoint(provider), wire=wire, model=model, prompt="a harbour", **changes)


def openai(**flags: Any) -> ImagesWire:
    return ImagesWire(form="openai", **flags)


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("asked", "path", "sent"),
    [
        (call(count=2), "/images/generations", {**PLAIN, "n": 2}),
        (call(openai(path="/draw", count_field="batch_size")), "/draw", {**PLAIN, "batch_size": 1}),
        (call(size="1024x1024"), "/images/generations", {**PLAIN, "n": 1, "size": "1024x1024"}),
        (call(size="auto"), "/images/generations", {**PLAIN, "n": 1, "size": "auto"}),
        (
            call(openai(size="image_size"), size="512x256"),
            "/images/generations",
            {**PLAIN, "n": 1, "image_size": "512x256"},
        ),
        (
            call(openai(size="width_height"), size="512x256"),
            "/images/generations",
            {**PLAIN, "n": 1, "width": 512, "height": 256},
        ),
        (
            call(openai(size="aspect_ratio"), size="1920x1080"),
            "/images/generations",
            {**PLAIN, "n": 1, "aspect_ratio": "16:9"},
        ),
        (
            call(CHAT, size="4:3"),
            "/chat/completions",
            {
                "model": "some-model",
                "messages": [{"role": "user", "content": "a harbour"}],
                "modalities": ["image", "text"],
                "stream": False,
                "image_config": {"aspect_ratio": "4:3"},
            },
        ),
        (
            call(GOOGLE, size="1:1"),
            "/v1beta/models/some-model:generateContent",
            {
                "contents": [{"role": "user", "parts": [{"text": "a harbour"}]}],
                "generationConfig": {
                    "responseModalities": ["TEXT", "IMAGE"],
                    "imageConfig": {"aspectRatio": "1:1"},
                },
            },
        ),
        (
            call(GOOGLE, "imagen-4.0", size="1024x768", count=3),
            "/v1beta/models/imagen-4.0:predict",
            {"instances": [{"prompt": "a harbour"}], "parameters": {"sampleCount": 3, "aspectRatio": "4:3"}},
        ),
    ],
)
def test_requests(asked: ImageCall, path: str, sent: dict[str, Any]) -> None:
    wanted = request(asked)
    assert (wanted.path, wanted.body) == (path, sent)


@pytest.mark.parametrize(
    ("wire", "size"),
    [
        (openai(), "16:9"),
        (openai(size="width_height"), "16:9"),
        (openai(size="width_height"), "auto"),
        (openai(size="aspect_ratio"), "auto"),
        (ImagesWire(form="chat", size="none"), "1024x1024"),
    ],
)
def test_a_size_without_a_field_is_refused(wire: ImagesWire, size: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        request(call(wire, size=size))
    assert (refused.value.field, refused.value.kind) == ("size", "unsupported")
    assert refused.value.action


def test_how_many_fit_into_one_request() -> None:
    assert per_request(call(count=4)) == 4
    assert per_request(call(CHAT, count=4)) == 1
    assert per_request(call(GOOGLE, count=4)) == 1
    assert per_request(call(GOOGLE, "models/imagen-4.0", count=4)) == 4


def chat_reply(url: str) -> dict[str, Any]:
    image = {"type": "image_url", "image_url": {"url": url}}
    return {"choices": [{"message": {"content": "", "images": [image]}}], "usage": {"prompt_tokens": 3}}


@pytest.mark.parametrize(
    ("wire", "model", "reply", "images"),
    [
        (OPENAI, "m", {"data": [{"url": "https://x.example/1"}]}, [Image(url="https://x.example/1")]),
        (OPENAI, "m", {"data": [{"b64_json": PNG}]}, [Image(data=PNG, mime_type="image/png")]),
        (OPENAI, "m", {"data": [{"b64_json": "/9j/4AA"}]}, [Image(data="/9j/4AA", mime_type="image/jpeg")]),
        (
            OPENAI,
            "m",
            {"output_format": "webp", "data": [{"b64_json": "AAAA"}]},
            [Image(data="AAAA", mime_type="image/webp")],
        ),
        (OPENAI, "m", {"images": [{"url": "https://x.example/1"}]}, [Image(url="https://x.example/1")]),
        (
            OPENAI,
            "m",
            {"data": [{"url": f"data:image/gif;base64,{PNG}"}]},
            [Image(data=PNG, mime_type="image/gif")],
        ),
        (CHAT, "m", chat_reply(f"data:image/png;base64,{PNG}"), [Image(data=PNG, mime_type="image/png")]),
        (CHAT, "m", chat_reply("https://x.example/1"), [Image(url="https://x.example/1")]),
        (
            GOOGLE,
            "m",
            {
                "candidates": [
                    {
                        "content": {
                            "parts": [{"text": "Here"}, {"inlineData": {"mimeType": "image/png", "data": PNG}}]
                        },
                        "finishReason": "STOP",
                    }
                ]
            },
            [Image(data=PNG, mime_type="image/png")],
        ),
        (
            GOOGLE,
            "imagen-4.0",
            {"predictions": [{"bytesBase64Encoded": PNG, "mimeType": "image/png"}, {"safetyAttributes": {}}]},
            [Image(data=PNG, mime_type="image/png")],
        ),
    ],
)
def test_replies(wire: ImagesWire, model: str, reply: dict[str, Any], images: list[Image]) -> None:
    assert list(decode(call(wire, model), body(reply)).images) == images


@pytest.mark.parametrize(
    ("wire", "reply", "counts"),
    [
        (OPENAI, {"data": [{"b64_json": PNG}], "usage": {"input_tokens": 5, "output_tokens": 272}}, (5, 272)),
        (OPENAI, {"data": [{"b64_json": PNG}], "usage": {"input_tokens": -5}}, (None, None)),
        (CHAT, chat_reply("https://x.example/1"), (3, None)),
        (
            GOOGLE,
            {
                "candidates": [{"content": {"parts": [{"inlineData": {"data": PNG}}]}}],
                "usageMetadata": {"promptTokenCount": 4, "candidatesTokenCount": 1290},
            },
            (4, 1290),
        ),
    ],
)
def test_counts(wire: ImagesWire, reply: dict[str, Any], counts: tuple[int | None, int | None]) -> None:
    drawn = decode(call(wire), body(reply))
    assert (drawn.input_tokens, drawn.output_tokens) == counts


@pytest.mark.parametrize(
    ("model", "reply", "reason"),
    [
        ("m", {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}, "PROHIBITED_CONTENT"),
        ("m", {"candidates": [{"finishReason": "IMAGE_SAFETY"}]}, "IMAGE_SAFETY"),
        ("imagen-4.0", {"predictions": [{"raiFilteredReason": "No people."}]}, "No people."),
    ],
)
def test_what_was_refused_for_its_content(model: str, reply: dict[str, Any], reason: str) -> None:
    with pytest.raises(ProviderRefused) as refused:
        decode(call(GOOGLE, model), body(reply))
    assert reason in str(refused.value.error)
    assert "content_filter" in str(refused.value.error)


@pytest.mark.parametrize(
    ("wire", "reply"),
    [
        (OPENAI, {}),
        (OPENAI, {"data": [{"b64_json": ""}, {"url": None}]}),
        (CHAT, {"choices": [{"message": {"content": "I cannot draw."}}]}),
        (CHAT, {"choices": [{"message": {"images": [{"image_url": "x"}]}}]}),
        (GOOGLE, {"candidates": [{"content": {"parts": [{"text": "I cannot draw."}]}, "finishReason": "STOP"}]}),
    ],
)
def test_replies_without_an_image(wire: ImagesWire, reply: dict[str, Any]) -> None:
    with pytest.raises(NotUnderstood):
        decode(call(wire), body(reply))
