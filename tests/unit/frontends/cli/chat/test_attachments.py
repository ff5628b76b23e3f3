"""The attachments of ``modelport chat``."""

from __future__ import annotations

import base64
import io
import sys
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

from modelport.frontends.cli.chat import attachments
from modelport.frontends.cli.chat.attachments import read_attachment, reads_stdin
from modelport.protocol.types import ImagePart, TextPart

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "photo.jpg").write_bytes(PNG)
    (tmp_path / "notes.txt").write_text("naïve\n", encoding="utf-8")
    (tmp_path / "a=b.txt").write_text("odd name", encoding="utf-8")
    (tmp_path / "data.bin").write_bytes(b"\xff\x00\xfe")
    return tmp_path


@pytest.mark.parametrize("prefix", ["", "image="])
def test_an_image_has_the_type_of_its_bytes(files: Path, prefix: str) -> None:
    part = read_attachment(f"{prefix}{files}/photo.jpg")
    assert part == ImagePart(data=base64.b64encode(PNG).decode(), mime_type="image/png")


@pytest.mark.parametrize("prefix", ["", "text="])
def test_a_text_file_is_sent_with_its_name(files: Path, prefix: str) -> None:
    assert read_attachment(f"{prefix}{files}/notes.txt") == TextPart(text='<file name="notes.txt">\nnaïve\n</file>')


def test_a_name_with_an_equals_sign_is_a_name(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(files)
    part = read_attachment("a=b.txt")
    assert isinstance(part, TextPart)
    assert "odd name" in part.text


def test_an_address_is_an_image(files: Path) -> None:
    assert read_attachment("https://a.example/x.png") == ImagePart(url="https://a.example/x.png")
    assert read_attachment("image=https://a.example/x.png") == ImagePart(url="https://a.example/x.png")
    with pytest.raises(click.BadParameter, match="download it first"):
        read_attachment("text=https://a.example/x.txt")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("missing.txt", "cannot be read"),
        (".", "cannot be read"),
        ("data.bin", "neither an image nor a text"),
        ("image=notes.txt", "is not an image"),
        ("text=data.bin", "convert it first"),
    ],
)
def test_what_cannot_be_attached_says_why(files: Path, monkeypatch: pytest.MonkeyPatch, given: str, words: str) -> None:
    monkeypatch.chdir(files)
    with pytest.raises(click.BadParameter, match=words):
        read_attachment(given)


def test_a_file_that_is_too_large_is_refused(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "MAX_ATTACHMENT_BYTES", 3)
    with pytest.raises(click.BadParameter, match="larger than"):
        read_attachment(f"{files}/notes.txt")


@pytest.mark.parametrize(("given", "content"), [("-", b"piped"), ("image=-", PNG), ("text=-", b"piped")])
def test_standard_input_can_be_attached(monkeypatch: pytest.MonkeyPatch, given: str, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    assert reads_stdin((given,))
    part = read_attachment(given)
    assert part == TextPart(text="piped") if content == b"piped" else isinstance(part, ImagePart)


def test_other_attachments_leave_standard_input_alone() -> None:
    assert not reads_stdin(("a.png", "image=b-.png"))
