"""What fails deep inside, with a key in hand: a traceback with the locals of its frames does not show the key."""

from __future__ import annotations

import socket
import threading
import traceback
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keyring
import msgspec
import pytest
from rich.traceback import Traceback

from modelport.adapters.configuration.commands import LocalCommands
from modelport.adapters.credential_stores.client import ClientStore
from modelport.adapters.credential_stores.file import FileStore
from modelport.adapters.credential_stores.key_files import contents
from modelport.adapters.credential_stores.keyring import KeyringStore
from modelport.adapters.dialects.http_completer import HttpCompleter
from modelport.adapters.dialects.table import load_wire_format
from modelport.adapters.http.pool import HttpPool
from modelport.adapters.http.proxies.address import read_proxy
from modelport.adapters.log_ins.oauth.code import CodeFlow
from modelport.adapters.log_ins.oauth.replies import post_form
from modelport.adapters.provider_client.client import ProviderClient
from modelport.domain.completions.keyless_answer import KeylessAnswer
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.log_ins.wire import LogInWire
from modelport.domain.providers.credential import StoredKey
from modelport.domain.providers.log_ins import LogInRequest
from modelport.frontends.lsp.vault import ClientVault
from modelport.frontends.rpc.client_requests import ClientRequests
from modelport.protocol.secret import Secret, SecretValues
from support.builders import RecordingListener, TypedPassphrase, call, endpoint, row
from support.file_keyring import FileKeyring
from support.http_server import Answer, LocalServer
from support.sse import refused

CANARY = "gsk_CANARY5f0c2e7d91b84a63"
FORMS = [CANARY, CANARY.encode().hex(), *(b64encode(b"\0" * n + CANARY.encode()).decode()[8:-8] for n in range(3))]
KEY = Secret(CANARY)


def shown(error: BaseException) -> str:
    """All that tracebacks with locals show of an error, but for the frame of the test itself."""
    assert error.__traceback__ is not None
    own = error.with_traceback(error.__traceback__.tb_next)
    # What it prints of the values, without the colours of the code, which take seconds.
    trace = Traceback.extract(type(own), own, own.__traceback__, show_locals=True, locals_max_string=500)
    values = [f"{name} = {node}" for one in trace.stacks for frame in one.frames for name, node in (frame.locals or {}).items()]  # fmt: skip
    plain = traceback.TracebackException.from_exception(own, capture_locals=True)
    return "\n".join([*values, *plain.format()])


async def failure(work: Callable[[], Awaitable[object]]) -> str:
    try:
        await work()
    except RequestFailed as error:
        return shown(error)
    raise AssertionError("it did not fail")


def clean(text: str) -> None:
    assert " = " in text
    lines = text.splitlines()
    assert [lines[max(0, n - 1)] + line for n, line in enumerate(lines) if any(form in line for form in FORMS)] == []


@contextmanager
def hanging_up(after: bytes = b"") -> Iterator[str]:
    """A server that reads a request, says so much and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                with peer:
                    peer.recv(65536)
                    peer.sendall(after)

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def test_it_sees_what_is_there() -> None:
    def fails(key: str) -> None:
        raise ValueError(len(key))

    with pytest.raises(ValueError, match="26") as failed:
        fails(CANARY)
    assert shown(failed.value).count(CANARY) == 2


DIALECTS = ["openai_chat", "openai_responses", "anthropic_messages", "gemini", "cohere_chat", "ollama"]


@pytest.fixture
async def pool() -> Any:
    made = HttpPool()
    yield made
    await made.aclose()


def placed(dialect: str, url: str, client: str = "http", **changes: Any) -> Any:
    provider = row("acme", dialect=dialect, base_url=url, wire={"client": client})
    place = endpoint(provider, dialect=dialect, base_url=url, headers={"X-Own": CANARY}, **changes)
    return msgspec.structs.replace(place, credential=msgspec.structs.replace(place.credential, secret=KEY))


async def completed(pool: HttpPool, place: Any) -> None:
    asked = call(endpoint=place)
    completer = HttpCompleter(load_wire_format(place.dialect), ProviderClient(pool))
    await completer.complete(asked, KeylessAnswer(RecordingListener(), asked))


@pytest.mark.parametrize("client", ["http", "sdk"])
@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("trouble", ["nothing listens", "hangs up", "refuses", "no answer", "no HTTP"])
async def test_a_request_that_fails(pool: HttpPool, dialect: str, client: str, trouble: str) -> None:
    def behave(_: Any) -> Answer:
        return refused(401, {"error": {"message": "no"}}) if trouble == "refuses" else Answer(chunks=[b"<html>"])

    if trouble in ("hangs up", "no HTTP"):
        with hanging_up(b"SSH-2.0\r\n\r\n" if trouble == "no HTTP" else b"") as place:
            clean(await failure(lambda: completed(pool, placed(dialect, f"http://{place}", client))))
        return
    with LocalServer(behave) as server:
        url = "http://127.0.0.1:9" if trouble == "nothing listens" else server.url
        clean(await failure(lambda: completed(pool, placed(dialect, url, client))))


@pytest.mark.parametrize("header", ["X-Own", "Authorization"])
async def test_a_header_that_cannot_be_sent(pool: HttpPool, header: str) -> None:
    place = placed("openai_chat", "http://127.0.0.1:9")
    with LocalServer(lambda _: Answer()) as server:
        place = msgspec.structs.replace(place, base_url=server.url, headers={header: Secret(f"{CANARY}\n{CANARY}")})
        clean(await failure(lambda: completed(pool, place)))


async def test_a_reply_with_tokens_that_breaks_off(pool: HttpPool) -> None:
    begun = f'HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{{"access_token": "{CANARY}"'
    form = SecretValues({"refresh_token": CANARY})
    with hanging_up(begun.encode()) as place:
        url = f"http://{place}/token"
        clean(await failure(lambda: post_form(pool, endpoint(base_url=url), url, form)))


@pytest.mark.parametrize("text", [f"{CANARY}#wrong", f"{CANARY}#", f"https://a.example/?code={CANARY}&state=wrong", f"{CANARY} {CANARY}"])  # fmt: skip
async def test_a_code_that_is_pasted_and_refused(pool: HttpPool, text: str) -> None:
    asked = LogInRequest(endpoint=endpoint(), wire=LogInWire(), client_id="c", method="code")
    pasted = Secret(text)
    with pytest.raises(InvalidParams) as refused_:
        CodeFlow(pool, asked).paste(pasted)
    clean(shown(refused_.value))


@pytest.mark.parametrize("scheme", ["http", "https", "socks4", "socks5", "socks5h"])
@pytest.mark.parametrize("says", [b"", b"\5\2", b"\5\2\1\1", b"HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n"])
@pytest.mark.parametrize("target", ["http://127.0.0.1:9", "https://127.0.0.1:9"])
async def test_a_proxy_that_fails(pool: HttpPool, scheme: str, says: bytes, target: str) -> None:
    with hanging_up(says) as address:
        log_in = CANARY if scheme == "socks4" else f"user:{CANARY}"
        place = placed("openai_chat", target, proxy=Secret(f"{scheme}://{log_in}@{address}"))
        clean(await failure(lambda: completed(pool, place)))


@pytest.mark.parametrize("address", ["ftp://u:{}@h", "http://u:{}@h:port", "http://u:{}@[::1", "socks4://u:{}@h:1", "socks5://u:{}@h:1", "http://u:{}@"])  # fmt: skip
async def test_an_address_of_a_proxy_that_is_none(address: str) -> None:
    async def read() -> None:
        read_proxy(Secret(address.format(CANARY * 20)))

    clean(await failure(read))


class Broken(FileKeyring):
    """Fails with the key in its own frames, as backends do that speak to another process."""

    def set_password(self, service: str, username: str, password: str) -> None:
        packed = password.encode()
        raise OSError(f"{len(packed)} bytes do not fit")

    def get_password(self, service: str, username: str) -> str | None:
        kept = f'{{"secret": "{CANARY}"}}'
        raise ValueError(f"{len(kept)} characters cannot be read")


@pytest.mark.parametrize("work", ["set", "get", "delete"])
async def test_a_keyring_that_fails(tmp_path: Path, work: str) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(Broken())
    store = KeyringStore(tmp_path / "index")
    try:
        if work == "set":
            clean(await failure(lambda: store.set("groq", StoredKey(KEY, more=(KEY,)))))
        elif work == "get":
            clean(await failure(lambda: store.get("groq")))
        else:
            clean(await failure(lambda: store.delete("groq")))
    finally:
        keyring.set_keyring(before)


@pytest.mark.parametrize("ends", ["exit 3", "sleep 60", "yes", r"printf '\377'"])
async def test_a_key_command_that_prints_a_key_and_fails(tmp_path: Path, ends: str) -> None:
    script = tmp_path / "key.sh"
    script.write_text(f"printf {CANARY}; {ends}")
    commands = LocalCommands(timeout_s=1.0)
    clean(await failure(lambda: commands.output(("/bin/sh", str(script)), ())))


@pytest.mark.parametrize("phrase", [None, "correct horse battery staple"])
async def test_a_file_of_keys_that_cannot_be_written(
    tmp_path: Path, phrase: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileStore(tmp_path / "private" / "credentials.json", TypedPassphrase(phrase))
    await store.set("openai", StoredKey(KEY))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(contents, "write_private", full)
    clean(await failure(lambda: store.set("groq", StoredKey(KEY, more=(KEY,)))))


async def test_a_client_that_keeps_no_key(tmp_path: Path) -> None:
    class Closed:
        def send(self, body: bytes) -> None:
            requests.receive({"id": msgspec.json.decode(body)["id"], "error": {"message": KEY.reveal()}})

    requests = ClientRequests(Closed())
    store = ClientStore(tmp_path)
    store.attach(ClientVault(requests, "Editor"))
    clean(await failure(lambda: store.set("groq", StoredKey(KEY, more=(KEY,)))))
