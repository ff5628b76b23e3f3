"""Images from a description, in each vendor's form.

Source: OpenAI API reference, Images; xAI and Together documentation, Image generation; OpenRouter documentation,
Image generation; Gemini API documentation, Image generation and Imagen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from math import gcd
from typing import Any

import msgspec
from msgspec import Struct

from modelport.adapters.operations import mock
from modelport.adapters.operations.replies import count_at, google_model, google_path, objects, read
from modelport.adapters.operations.sender import Sender
from modelport.adapters.wire.errors import ProviderRefused
from modelport.adapters.wire.json_values import refuse
from modelport.adapters.wire.request import WireRequest
from modelport.domain.errors import InvalidParams
from modelport.domain.operations.calls import Drawn, ImageCall
from modelport.protocol.shapes import is_object
from modelport.protocol.types import Image

STARTS = {
    "iVBOR": "image/png",
    "/9j/": "image/jpeg",
    "R0lGO": "image/gif",
    "UklGR": "image/webp",
    "PHN2Z": "image/svg+xml",
}

Reply = dict[str, Any]


class Form(Struct, frozen=True):
    """One vendor's form."""

    request: Callable[[ImageCall], WireRequest]
    images: Callable[[Reply], list[Image]]
    input_tokens: str
    output_tokens: str


async def draw(sender: Sender, call: ImageCall) -> Drawn:
    """The images of a call, one after the other where a request makes one only."""
    if call.wire.form == "mock":
        return await mock.draw(call)
    single = msgspec.structs.replace(call, count=per_request(call))
    single_request = request(single)
    parts = [
        await sender.post(call.endpoint, call.model, single_request, lambda body: decode(single, body))
        for _ in range(call.count // single.count)
    ]
    drawn = tuple(image for part in parts for image in part.images)
    return Drawn(drawn, _sum([part.input_tokens for part in parts]), _sum([part.output_tokens for part in parts]))


def request(call: ImageCall) -> WireRequest:
    """The request for a call.

    Raises:
        InvalidParams: the provider does not take this size.
    """
    return _FORMS[_form(call)].request(call)


def decode(call: ImageCall, body: bytes) -> Drawn:
    """The images of a reply.

    Raises:
        NotUnderstood: it is not what the form promises.
        ProviderRefused: it holds an error, or that the content was refused.
    """
    form = _FORMS[_form(call)]
    reply = read(body)
    images = form.images(reply)
    if not images:
        if reason := _blocked(reply):
            raise ProviderRefused({"code": "content_filter", "message": f"no image was made: {reason}"})
        refuse(body)
    return Drawn(tuple(images), count_at(reply, form.input_tokens), count_at(reply, form.output_tokens))


def image_of(data: str, media_type: str | None = None) -> Image:
    """An image by value, its type guessed from its first bytes where none is given."""
    guess = next((kind for start, kind in STARTS.items() if data.startswith(start)), "image/png")
    return Image(data=data, mime_type=media_type or guess)


def per_request(call: ImageCall) -> int:
    """The most images of one request."""
    return 1 if _form(call) in ("chat", "gemini") else call.count


def _sum(counts: list[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _form(call: ImageCall) -> str:
    predicted = any(fnmatchcase(google_model(call.model), pattern) for pattern in call.wire.predicted_models)
    return "predict" if predicted else str(call.wire.form)


def _size(call: ImageCall) -> dict[str, Any]:
    """The size in the fields that the provider has for it."""
    size, kind = call.size, call.wire.size
    if size is None:
        return {}
    numbers = [int(number) for number in re.findall(r"\d+", size)]
    if kind == "aspect_ratio" and len(numbers) == 2:
        part = gcd(*numbers)
        return {"aspect_ratio": f"{numbers[0] // part}:{numbers[1] // part}"}
    if kind == "width_height" and len(numbers) == 2 and ":" not in size:
        return {"width": numbers[0], "height": numbers[1]}
    if kind in ("size", "image_size") and ":" not in size:
        return {kind: size}
    row = call.endpoint.provider
    wanted = {"none": "leave size out", "aspect_ratio": "write it like 16:9"}.get(kind, "write it like 1024x1024")
    raise InvalidParams(
        f'{row.display_name} does not take the size "{size}": {wanted}.',
        kind="unsupported",
        field="size",
        provider=row.id,
        model=call.model,
        action=wanted,
    )


def _openai(call: ImageCall) -> WireRequest:
    body: dict[str, Any] = {"model": call.model, "prompt": call.prompt, call.wire.count_field: call.count}
    return WireRequest(call.wire.path or "/images/generations", body | _size(call))


def _openai_images(reply: Reply) -> list[Image]:
    written = reply.get("output_format")
    media_type = f"image/{written}" if isinstance(written, str) and written else None
    entries = objects(reply.get("data")) or objects(reply.get("images"))
    return [image for entry in entries if (image := _openai_image(entry, media_type))]


def _openai_image(entry: Reply, media_type: str | None) -> Image | None:
    if isinstance(data := entry.get("b64_json"), str) and data:
        return _by_url(data) if data.startswith("data:") else image_of(data, media_type)
    url = entry.get("url")
    return _by_url(url) if isinstance(url, str) and url else None


def _by_url(url: str) -> Image:
    head, comma, data = url.partition(",")
    if url.startswith("data:") and comma and ";base64" in head:
        return image_of(data, head[5:].partition(";")[0] or None)
    return Image(url=url)


def _chat(call: ImageCall) -> WireRequest:
    body: dict[str, Any] = {
        "model": call.model,
        "messages": [{"role": "user", "content": call.prompt}],
        "modalities": ["image", "text"],
        "stream": False,
    }
    if size := _size(call):
        body["image_config"] = size
    return WireRequest(call.wire.path or call.endpoint.chat_path or "/chat/completions", body)


def _chat_images(reply: Reply) -> list[Image]:
    messages = [choice["message"] for choice in objects(reply.get("choices")) if is_object(choice.get("message"))]
    urls = [
        entry["image_url"] for m in messages for entry in objects(m.get("images")) if is_object(entry.get("image_url"))
    ]
    return [_by_url(entry["url"]) for entry in urls if isinstance(entry.get("url"), str)]


def _gemini(call: ImageCall) -> WireRequest:
    config: dict[str, Any] = {"responseModalities": ["TEXT", "IMAGE"]}
    if size := _size(call):
        config["imageConfig"] = {"aspectRatio": size["aspect_ratio"]}
    contents = [{"role": "user", "parts": [{"text": call.prompt}]}]
    path = google_path(call.endpoint, call.model, "generateContent")
    return WireRequest(path, {"contents": contents, "generationConfig": config})


def _gemini_images(reply: Reply) -> list[Image]:
    contents = [candidate.get("content") for candidate in objects(reply.get("candidates"))]
    parts = [part for content in contents if is_object(content) for part in objects(content.get("parts"))]
    blobs = [part["inlineData"] for part in parts if is_object(part.get("inlineData"))]
    return [image_of(blob["data"], blob.get("mimeType")) for blob in blobs if isinstance(blob.get("data"), str)]


def _predict(call: ImageCall) -> WireRequest:
    parameters: dict[str, Any] = {"sampleCount": call.count}
    if size := _size(call):
        parameters["aspectRatio"] = size["aspect_ratio"]
    body = {"instances": [{"prompt": call.prompt}], "parameters": parameters}
    return WireRequest(google_path(call.endpoint, call.model, "predict"), body)


def _predicted(reply: Reply) -> list[Image]:
    entries = [e for e in objects(reply.get("predictions")) if isinstance(e.get("bytesBase64Encoded"), str)]
    return [image_of(entry["bytesBase64Encoded"], entry.get("mimeType")) for entry in entries]


def _blocked(reply: Reply) -> str | None:
    """Why Google made no image, where it gives a reason."""
    feedback = reply.get("promptFeedback")
    if is_object(feedback) and feedback.get("blockReason"):
        return str(feedback["blockReason"])
    reasons = [entry.get("finishReason") for entry in objects(reply.get("candidates"))]
    reasons += [entry.get("raiFilteredReason") for entry in objects(reply.get("predictions"))]
    return next((str(reason) for reason in reasons if reason not in (None, "", "STOP", "MAX_TOKENS")), None)


_FORMS: Mapping[str, Form] = {
    "openai": Form(_openai, _openai_images, "usage.input_tokens", "usage.output_tokens"),
    "chat": Form(_chat, _chat_images, "usage.prompt_tokens", "usage.completion_tokens"),
    "gemini": Form(_gemini, _gemini_images, "usageMetadata.promptTokenCount", "usageMetadata.candidatesTokenCount"),
    "predict": Form(_predict, _predicted, "usage.input_tokens", "usage.output_tokens"),
}
