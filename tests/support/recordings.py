"""The recorded exchanges, which are kept outside the project."""

from __future__ import annotations

import base64
import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(os.environ.get("MODELPORT_RECORDINGS") or Path(__file__).parents[2].parent / "shared/data/recordings")
DIALECTS = {
    "openai-chat": "openai_chat",
    "responses": "openai_responses",
    "anthropic": "anthropic_messages",
    "gemini": "gemini",
    "ollama": "ollama",
    "openai-completions": "openai_completions",
    "cohere": "cohere_chat",
    "bedrock-converse": "bedrock_converse",
    "bedrock-invoke": "anthropic_messages",
}
ROWS = {
    "llama.cpp": "llama-cpp",
    "llama-cpp-python": "openai-compatible",
    "github-copilot": "copilot",
    "vercel-gateway": "vercel",
}


@dataclass(frozen=True)
class Recording:
    """One exchange."""

    name: str

    @cached_property
    def data(self) -> dict[str, Any]:
        return json.loads((ROOT / self.name).read_text(encoding="utf-8"))

    @property
    def provider(self) -> str:
        """The row it belongs to."""
        return ROWS.get(self.data["provider"], self.data["provider"])

    @property
    def dialect(self) -> str:
        if self.data["kind"] == "bedrock-invoke" and "/amazon.nova" in self.data["request"]["url"]:
            # Each maker's models have a format of their own there; that of Amazon's is Converse's.
            return "bedrock_converse"
        return DIALECTS[self.data["kind"]]

    @property
    def expected(self) -> dict[str, Any]:
        return self.data.get("expected") or {}

    @property
    def status(self) -> int:
        return self.data["response"]["status"]

    @property
    def body(self) -> bytes:
        text = self.data["response"]["body"]
        if self.data["response"].get("body_encoding") == "base64":
            return base64.b64decode(text)
        return text.encode()

    @property
    def headers(self) -> dict[str, str]:
        """The reply's headers, without those that belong to its transport."""
        transport = {"content-length", "transfer-encoding", "content-encoding", "connection", "date", "server"}
        return {k: str(v) for k, v in self.data["response"]["headers"].items() if k.lower() not in transport}

    @property
    def fails(self) -> bool:
        """Whether the provider answered with an error, in the status or inside the reply."""
        failed = bool(self.expected.get("error")) or "miderr" in self.data["features"]
        return self.status >= 400 or failed or self.blocked

    @property
    def blocked(self) -> bool:
        """Whether the provider refused the prompt for its content, inside a reply that is no error."""
        return str(self.expected.get("finish_reason")).startswith("BLOCKED:")

    def chunks(self) -> Iterator[bytes]:
        """The body cut at arbitrary bytes, the same ones in every run."""
        chance = random.Random(self.name)
        longest = max(12, len(self.body) // 150)
        position = 0
        while position < len(self.body):
            end = position + chance.randint(1, longest)
            yield self.body[position:end]
            position = end


def find(kinds: dict[str, str] = DIALECTS) -> list[Recording]:
    """All recordings of these kinds; none when the folder is missing."""
    if not ROOT.is_dir():
        return []
    index = json.loads((ROOT / "index.json").read_text(encoding="utf-8"))
    return [Recording(row["file"]) for row in index if row["kind"] in kinds]
