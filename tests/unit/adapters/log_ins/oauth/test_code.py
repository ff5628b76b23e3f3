"""The code flow: its address, what it takes for an answer, and how the code is redeemed."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import anyio
import msgspec
import pytest

from modelport.adapters.http.pool import HttpPool
from modelport.adapters.log_ins.oauth import code
from modelport.adapters.log_ins.oauth.callback import IPV4, PortTaken, listening, read_redirect
from modelport.adapters.log_ins.oauth.code import CodeFlow
from modelport.adapters.log_ins.requests import Reply
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.log_ins.flow import LogInPrompt, Tokens
from modelport.domain.log_ins.wire import LogInWire
from modelport.domain.providers.log_ins import LogInRequest
from modelport.protocol.secret import Secret
from support.builders import credential, endpoint, row
from support.oauth_server import CLIENT

SHOWN = LogInWire(
    authorize_url="https://acme.example/authorize?audience=models",
    token_url="https://acme.example/token",
    redirect_uri="https://acme.example/shown",
    scopes=("a", "b"),
)


def flow(wire: LogInWire = SHOWN, **network: Any) -> CodeFlow:
    place = msgspec.structs.replace(endpoint(row("acme"), credential=credential(None)), **network)
    return CodeFlow(HttpPool(), LogInRequest(endpoint=place, wire=wire, client_id=CLIENT, method="code"))


class Replies:
    """Stands in for the token endpoint."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *replies: Reply | RequestFailed) -> None:
        self.forms: list[dict[str, str]] = []
        self._replies = list(replies)
        monkeypatch.setattr(code, "post_form", self._post)

    async def _post(self, pool: object, at: object, url: str, form: dict[str, str]) -> Reply:
        self.forms.append(form)
        found = self._replies.pop(0)
        if isinstance(found, RequestFailed):
            raise found
        return found


def good(**fields: Any) -> Reply:
    fields = {"access_token": "access-0123"} | fields
    return Reply(status=200, headers={}, body=b"", fields=fields)


async def run(under_way: CodeFlow, *pasted: str) -> tuple[Tokens, dict[str, str]]:
    """The tokens of a log-in into which texts are pasted, ``{state}`` being its own, and the query of its page."""
    told: list[LogInPrompt] = []
    found: list[Tokens] = []

    async def paste() -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(told[0].verification_uri).query).items()}
        for text in pasted:
            under_way.paste(Secret(text.replace("{state}", query["state"])))

    async with anyio.create_task_group() as tasks:

        def tell(prompt: LogInPrompt) -> None:
            told.append(prompt)
            tasks.start_soon(paste)

        found.append(await under_way.run(tell))
    return found[0], {n: v[0] for n, v in parse_qs(urlsplit(told[0].verification_uri).query).items()}


async def test_the_page_names_everything_that_the_provider_has_to_know(monkeypatch: pytest.MonkeyPatch) -> None:
    replies = Replies(monkeypatch, good(expires_in="3600", refresh_token="refresh-0123"))
    tokens, query = await run(flow(), "?code=the-code&state={state}")
    assert tokens == Tokens(secret=Secret("access-0123"), refresh_token=Secret("refresh-0123"), life_s=3600)
    assert query.pop("state")
    assert query.pop("code_challenge")
    assert query == {
        "audience": "models",
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": "https://acme.example/shown",
        "scope": "a b",
        "code_challenge_method": "S256",
    }
    assert len(replies.forms[0].pop("code_verifier")) >= 43
    assert replies.forms == [
        {
            "grant_type": "authorization_code",
            "redirect_uri": "https://acme.example/shown",
            "client_id": CLIENT,
            "code": "the-code",
        }
    ]


@pytest.mark.parametrize(
    "text",
    [
        "https://acme.example/shown?code=the-code&state={state}",
        "https://acme.example/shown?code=the-code&state={state}#top",
        "code=the-code&state={state}",
        "the-code#{state}",
        "the-code",
        "  the-code\n",
    ],
)
async def test_what_can_be_pasted(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    replies = Replies(monkeypatch, good())
    await run(flow(), text)
    assert replies.forms[0]["code"] == "the-code"


@pytest.mark.parametrize(
    "text",
    [
        "https://acme.example/shown?code=the-code&state=another",
        "https://acme.example/shown?code=the-code",
        "https://acme.example/shown?state={state}",
        "https://acme.example/shown?code=a&code=b&state={state}",
        "https://acme.example/shown?code=&state={state}",
        "the-code#another",
        "",
        "abc",
        "two words",
        "línea-uno",
        "x" * 5000,
    ],
)
async def test_what_is_pasted_wrongly_is_refused_and_the_log_in_goes_on(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    Replies(monkeypatch, good())
    under_way = flow()
    told: list[LogInPrompt] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(under_way.run, told.append)
        await anyio.wait_all_tasks_blocked()
        state = parse_qs(urlsplit(told[0].verification_uri).query)["state"][0]
        with pytest.raises(InvalidParams) as refused:
            under_way.paste(Secret(text.replace("{state}", state)))
        assert refused.value.field == "text"
        assert "the-code" not in refused.value.message
        await anyio.wait_all_tasks_blocked()
        under_way.paste(Secret(f"the-code#{state}"))
        with pytest.raises(InvalidParams, match="already"):
            under_way.paste(Secret(f"the-code#{state}"))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("access_denied", "auth_rejected"),
        ("server_error", "provider_unavailable"),
        ("temporarily_unavailable", "provider_unavailable"),
        ("invalid_scope", "auth_rejected"),
        ("<b>odd</b>", "auth_rejected"),
    ],
)
async def test_an_error_on_the_page_ends_the_log_in(monkeypatch: pytest.MonkeyPatch, error: str, kind: str) -> None:
    replies = Replies(monkeypatch)
    fields = urlencode({"error": error, "error_description": "No\x1b[31m entry\nhere"})
    with pytest.raises(BaseExceptionGroup) as group:
        await run(flow(), f"?{fields}&state={{state}}")
    (failed,) = group.value.exceptions
    assert isinstance(failed, RequestFailed)
    assert failed.kind == kind
    assert "\x1b" not in failed.message
    assert "\n" not in failed.message
    assert replies.forms == []


async def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "EXPIRES_S", 0.01)
    with pytest.raises(RequestFailed) as failed:
        await flow().run(lambda _: None)
    assert failed.value.kind == "auth_required"


async def test_a_code_that_did_not_get_through_is_sent_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    replies = Replies(monkeypatch, RequestFailed("network", "refused", may_repeat=True), good())
    await run(flow(), "the-code")
    assert len(replies.forms) == 2


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(status=400, headers={}, body=b"", fields={"error": "invalid_grant"}), "auth_rejected"),
        (Reply(status=200, headers={}, body=b"", fields={"error": "bad_verification_code"}), "auth_rejected"),
        (Reply(status=200, headers={}, body=b"", fields={}), "invalid_response"),
        (Reply(status=503, headers={}, body=b"", fields={}), "provider_unavailable"),
    ],
)
async def test_a_code_that_is_refused(monkeypatch: pytest.MonkeyPatch, reply: Reply, kind: str) -> None:
    Replies(monkeypatch, reply)
    with pytest.raises(BaseExceptionGroup) as group:
        await run(flow(), "the-code")
    (failed,) = group.value.exceptions
    assert isinstance(failed, RequestFailed)
    assert failed.kind == kind


@pytest.mark.parametrize(
    ("given", "host", "port", "path"),
    [
        (None, "127.0.0.1", 0, None),
        ("http://localhost", "localhost", 0, None),
        ("http://127.0.0.1/", "127.0.0.1", 0, None),
        ("http://127.0.0.1/callback", "127.0.0.1", 0, "/callback"),
        ("http://127.0.0.1:1455", "127.0.0.1", 1455, None),
        ("http://localhost:1455/auth/callback", "localhost", 1455, "/auth/callback"),
        ("http://[::1]:1455/callback", "[::1]", 1455, "/callback"),
    ],
)
def test_where_the_browser_comes_back_to(given: str | None, host: str, port: int, path: str | None) -> None:
    redirect = read_redirect(given)
    assert redirect is not None
    assert (redirect.host, redirect.port) == (host, port)
    if path is None:
        other = read_redirect(given)
        assert other is not None
        assert len(redirect.path) > 30
        assert redirect.path != other.path
    else:
        assert redirect.path == path
    if port and path:
        assert redirect.uri(port) == given
    else:
        assert redirect.uri(5).startswith(f"http://{host}:{port or 5}/" if not port else f"http://{host}:")


@pytest.mark.parametrize("given", ["https://acme.example/shown", "urn:ietf:wg:oauth:2.0:oob", "https://127.0.0.1/x"])
def test_an_address_that_is_not_listened_at(given: str) -> None:
    assert read_redirect(given) is None


async def test_localhost_is_both_of_its_addresses() -> None:
    redirect = read_redirect("http://localhost")
    assert redirect is not None
    async with listening(redirect, lambda _: (200, "a", "b")) as uri:
        port = urlsplit(uri).port or 0
        for host in ("127.0.0.1", "::1"):
            async with await anyio.connect_tcp(host, port) as stream:
                await stream.send(f"GET {redirect.path}?x HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode())
                assert (await stream.receive()).startswith(b"HTTP/1.1 200")


async def test_a_fixed_port_is_not_taken_from_another_program() -> None:
    async with await anyio.create_tcp_listener(local_host=IPV4) as taken:
        port = taken.extra(anyio.abc.SocketAttribute.local_port)
        redirect = read_redirect(f"http://127.0.0.1:{port}/callback")
        assert redirect is not None
        with pytest.raises(PortTaken):
            async with listening(redirect, lambda _: (200, "", "")):
                raise AssertionError("nobody is sent there")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400"),
        (b"GET / HTTP/1.1\r\n" + b"X: " + b"a" * 40_000 + b"\r\n\r\n", b"4"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"4"),
        (b"GET /p HTTP/1.1\r\n\r\n", b"4"),
        (b"GET /p HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"4"),
    ],
)
async def test_what_is_no_request_of_a_browser(sent: bytes, status: bytes) -> None:
    redirect = read_redirect(None)
    assert redirect is not None
    taken: list[str] = []

    def accept(query: str) -> tuple[int, str, str]:
        taken.append(query)
        return 200, "", ""

    async with (
        listening(redirect, accept) as uri,
        await anyio.connect_tcp(IPV4, urlsplit(uri).port or 0) as stream,
    ):
        await stream.send(sent)
        assert (await stream.receive()).startswith(b"HTTP/1.1 " + status)
    assert taken == []


def test_the_proxy_and_the_certificates_of_the_provider_hold_for_log_ins(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The flows send their requests over the pool with the provider's own choices."""
    seen: list[Any] = []

    class Pool:
        async def client(self, url: str, **network: Any) -> Any:
            seen.append((url, network))
            raise RequestFailed("network", "Stop here.")

    place = msgspec.structs.replace(
        endpoint(row("acme"), credential=credential(None)),
        ca_file="/ca.pem",
        proxy=Secret("http://proxy"),
        verify_tls=False,
    )
    request = LogInRequest(endpoint=place, wire=SHOWN, client_id=CLIENT, method="code")
    with pytest.raises(BaseExceptionGroup):
        anyio.run(run, CodeFlow(Pool(), request), "the-code")  # type: ignore[arg-type]
    wanted = {"verify_tls": False, "ca_file": "/ca.pem", "proxy": Secret("http://proxy")}
    assert seen[0] == ("https://acme.example/token", wanted)
