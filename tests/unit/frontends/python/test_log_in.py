"""Log-ins from a program: what it is told, what is kept, and how a log-in ends early."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest

import modelport
from modelport.protocol import types
from support.oauth_server import OAuthServer

Prompts = list[modelport.CredentialUpdateParams]


@pytest.fixture
def oauth(entries: Path) -> Iterator[OAuthServer]:
    with OAuthServer() as running:
        (Path(os.environ["MODELPORT_CONFIG_DIR"]) / "config.toml").write_text(running.toml())
        yield running


def stored(entries: Path) -> dict[str, str]:
    return json.loads(entries.read_text()) if entries.exists() else {}


def kept(entries: Path, entry: str = "acme") -> str:
    return json.loads(stored(entries)[f"modelport/{entry}"])["secret"]


def port_of(prompt: modelport.CredentialUpdateParams) -> int:
    """The port that the browser comes back to."""
    return urlsplit(parse_qs(urlsplit(prompt.verification_uri).query)["redirect_uri"][0]).port or 0


async def test_a_program_shows_the_code_and_calls_carry_the_token(oauth: OAuthServer, entries: Path) -> None:
    prompts: Prompts = []

    def show(prompt: modelport.CredentialUpdateParams) -> None:
        prompts.append(prompt)
        oauth.approved.set()

    async with modelport.Client() as client:
        status = await client.log_in("acme", on_prompt=show)
        assert (status.source, status.location, status.logged_in) == ("keyring", "modelport/acme", True)
        assert [(p.user_code, p.verification_uri) for p in prompts] == [("WDJB-MJHT", f"{oauth.url}/activate")]
        assert kept(entries) in oauth.good
        assert (await client.complete("hi", model="acme/m")).text == "ok"
        assert oauth.calls[-1].headers["authorization"] == f"Bearer {kept(entries)}"
        assert (await client.log_out("acme")).source == "none"
    assert stored(entries) == {}


async def test_the_address_of_a_browser_elsewhere_is_pasted(oauth: OAuthServer, entries: Path) -> None:
    prompts: Prompts = []

    async with modelport.Client() as client, anyio.create_task_group() as tasks:

        async def paste() -> None:
            back, _ = oauth.visit(prompts[0].verification_uri)
            with pytest.raises(modelport.InvalidParams, match="copy the whole address"):
                await client.paste_log_in("acme", "hello there", name="work")
            await client.paste_log_in("acme", back, name="work")

        def show(prompt: modelport.CredentialUpdateParams) -> None:
            prompts.append(prompt)
            tasks.start_soon(paste)

        status = await client.log_in("acme", method="code", name="work", on_prompt=show)
        assert (status.name, status.location) == ("work", "modelport/acme/work")
    assert kept(entries, "acme/work") in oauth.good


@pytest.mark.parametrize("method", ["device", "code"])
async def test_an_error_of_the_program_ends_the_log_in_and_is_raised_as_it_is(
    oauth: OAuthServer, entries: Path, method: types.LoginMethod
) -> None:
    prompts: Prompts = []

    def fail(prompt: modelport.CredentialUpdateParams) -> None:
        prompts.append(prompt)
        raise LookupError("no screen")

    async with modelport.Client() as client:
        with pytest.raises(LookupError, match="no screen"):
            await client.log_in("acme", method=method, on_prompt=fail)
        with pytest.raises(modelport.InvalidParams, match="under way"):
            await client.paste_log_in("acme", "code-1234")
    if method == "code":
        socket.create_server(("127.0.0.1", port_of(prompts[0]))).close()
    assert stored(entries) == {}


async def test_a_cancelled_log_in_frees_its_port(oauth: OAuthServer, entries: Path) -> None:
    prompts: Prompts = []
    async with modelport.Client() as client:
        with anyio.CancelScope() as scope:

            def show(prompt: modelport.CredentialUpdateParams) -> None:
                prompts.append(prompt)
                scope.cancel()

            await client.log_in("acme", method="code", on_prompt=show)
        socket.create_server(("127.0.0.1", port_of(prompts[0]))).close()
    assert stored(entries) == {}


async def test_a_refusal_is_an_error_with_its_kind(oauth: OAuthServer) -> None:
    oauth.denied = True
    async with modelport.Client() as client:
        with pytest.raises(modelport.RequestFailed) as raised:
            await client.log_in("acme", on_prompt=lambda _: None)
        assert raised.value.kind == "auth_rejected"
        with pytest.raises(modelport.RequestFailed, match="modelport keys set groq") as raised:
            await client.log_in("groq", on_prompt=lambda _: None)
        assert raised.value.kind == "unsupported"


def test_a_thread_logs_in_while_another_pastes(oauth: OAuthServer, entries: Path) -> None:
    told = threading.Event()
    prompts: Prompts = []

    def show(prompt: modelport.CredentialUpdateParams) -> None:
        prompts.append(prompt)
        told.set()

    with modelport.SyncClient() as client, ThreadPoolExecutor(1) as threads:
        status = threads.submit(client.log_in, "acme", method="code", on_prompt=show)
        assert told.wait(10)
        client.paste_log_in("acme", oauth.visit(prompts[0].verification_uri)[0])
        assert status.result(10).logged_in is True
        assert client.log_out("acme").source == "none"
    assert stored(entries) == {}
