"""Looks at the locals of every frame of ours that calls something, while keys go every way; prints those with a key.

Run as a program: ``python -m support.key_frames FOLDER``. What it prints is a line for each local: module, function, name.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from base64 import b64encode
from pathlib import Path
from types import FrameType, FunctionType, ModuleType
from typing import Any

import anyio

import modelport
from modelport.protocol.secret import Secret
from support import log_in_frames
from support.http_server import Answer, LocalServer, Received
from support.oauth_server import OAuthServer
from support.sse import refused

CANARY = "gsk_CANARY5f0c2e7d91b84a63"
FORMS = (CANARY, CANARY.encode().hex(), *(b64encode(b"\0" * n + CANARY.encode()).decode()[8:-8] for n in range(3)))
PACKAGE = str(Path(modelport.__file__).parent) + os.sep
MAX_LOOKS = 12
"""At one place in the code: each look takes as long as a hundred calls."""
SHORT = (int, float, type, ModuleType, FunctionType)
ENDED = b'data: {"choices":[{"index":0,"delta":{"content":"hello"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


class Look:
    """The profile function of all threads."""

    def __init__(self) -> None:
        self.found: set[tuple[str, str, str]] = set()
        self._busy = threading.local()
        self._looks: dict[tuple[Any, int], int] = {}

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        caller = {"call": frame.f_back, "c_call": frame}.get(event)
        if caller is None or not caller.f_code.co_filename.startswith(PACKAGE) or getattr(self._busy, "now", False):
            return
        place = (caller.f_code, caller.f_lasti)
        self._looks[place] = looks = self._looks.get(place, 0) + 1
        if looks > MAX_LOOKS:
            return
        self._busy.now = True
        try:
            module = caller.f_code.co_filename.removeprefix(PACKAGE).replace(os.sep, "/")
            for name, value in list(caller.f_locals.items()):
                if value is None or isinstance(value, SHORT):
                    continue
                try:
                    shown = repr(value)
                except Exception:
                    continue
                if any(form in shown for form in FORMS):
                    self.found.add((module, caller.f_code.co_name, name))
        finally:
            self._busy.now = False


def behave(request: Received) -> Answer:
    """A provider that answers, or refuses below /fail, and repeats nothing."""
    if "/fail" in request.path:
        return refused(400, {"error": {"message": "no"}})
    if request.path.endswith("/models"):
        return Answer(chunks=[b'{"data":[{"id":"m"}]}'])
    return Answer(headers={"content-type": "text/event-stream"}, chunks=[ENDED])


async def tried(request: Any) -> None:
    with contextlib.suppress(modelport.ModelportError):
        await request


async def use(url: str, oauth: OAuthServer) -> None:
    """Each way in, and what is done with it. Keys are given as secrets: a caller's own frames are the caller's."""
    key = Secret(CANARY)
    async with modelport.Client() as client:
        await client.set_credential("groq", key)
        await client.set_credential("groq", Secret(CANARY + "2"), add=True)
        await client.credentials()
        await client.connect("groq", base_url=url, verify=False)
        await tried(client.complete("x", model="groq/m"))
        await client.connect("custom", base_url=url, api_key=key, model="m", headers={"X-Other": key})
        await client.complete("x", model="custom/m")
        for provider in ("together", "openai", "anthropic", "gemini", "cohere"):
            await client.connect(provider, base_url=f"{url}/fail", api_key=key, verify=False)
            await tried(client.complete("x", model=f"{provider}/m"))
            await client.connect(provider, base_url="http://127.0.0.1:9", api_key=key, verify=False)
            await tried(client.complete("x", model=f"{provider}/m"))
        for model in ("acme/m", "printed/m", "proxied/m", "socks/m"):
            await tried(client.complete("x", model=model))
            await tried(client.models(provider=model.partition("/")[0]))
        await client.providers()
        await client.run_diagnostics()
        await client.delete_credential("groq")
        print(await log_in_frames.use(client, oauth, CANARY))


def main(folder: Path) -> None:
    script = folder / "key.sh"
    script.write_text(f"echo {CANARY}")
    with LocalServer(behave) as server, log_in_frames.prepared(CANARY) as oauth:
        place = server.url.removeprefix("http://")
        (folder / "config.toml").write_text(
            f'[providers.acme]\nbase_url = "{server.url}"\nheaders = {{ Authorization = {{ env = "OWN_HEADER" }} }}\n'
            f'[providers.printed]\nbase_url = "{server.url}"\napi_key_command = ["/bin/sh", "{script}"]\n'
            f'[providers.proxied]\nbase_url = "{server.url}"\napi_key_env = "OWN_HEADER"\nproxy = {{ env = "OWN_PROXY" }}\n'
            f'[providers.socks]\nbase_url = "{server.url}"\nproxy = {{ env = "OWN_SOCKS" }}\nauth = "none"\nrequires_api_key = false\n'
            + log_in_frames.rows(oauth)
        )
        os.environ |= {
            "MODELPORT_CONFIG_DIR": str(folder),
            "MODELPORT_DATA_DIR": str(folder / "data"),
            "HOME": str(folder),
            "OWN_HEADER": CANARY,
            "TOGETHER_API_KEY": CANARY,
            "OWN_PROXY": f"http://user:{CANARY}@{place}",
            "OWN_SOCKS": f"socks5h://user:{CANARY}@{place}",
            "PYTHON_KEYRING_BACKEND": "support.file_keyring.FileKeyring",
            "TEST_KEYRING_FILE": str(folder / "keyring.json"),
        }
        look = Look()
        threading.setprofile(look)
        sys.setprofile(look)
        try:
            anyio.run(use, server.url, oauth)
        finally:
            sys.setprofile(None)
            threading.setprofile(None)  # type: ignore[arg-type]
    for line in sorted(look.found):
        print(*line)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
