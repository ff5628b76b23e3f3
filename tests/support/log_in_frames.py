"""Every log-in and renewal while the frames are looked at: by device, browser and hand, each that ends well and not."""

from __future__ import annotations

import contextlib
import secrets
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import modelport
from modelport.engine.log_ins.outcomes import LogInBegun
from modelport.protocol.secret import Secret
from support.http_server import Answer
from support.oauth_server import OAuthServer, Trouble, refusal

VERIFIER_BYTES = 32
NO_JSON = Answer(200, chunks=[b"<html>Log in to the hotel</html>"])
RENEWALS: Mapping[str, Trouble] = MappingProxyType(
    {
        "renewed": None,
        "limited": refusal("slow_down", 429),
        "down": refusal("server_error", 503),
        "hotel": NO_JSON,
        "over": refusal("invalid_grant"),
    }
)
"""What the request is answered that renews the tokens of a provider; each rests after a failure."""
GONE = "http://127.0.0.1:9"


def prepared(canary: str) -> OAuthServer:
    """A server whose tokens and codes are the canary; so is the verifier that is made here."""
    oauth = OAuthServer(interval=0.2)
    oauth.access_token, oauth.refresh_token, oauth.device_code = canary, f"{canary}-refresh", f"{canary}-device"
    random = secrets.token_urlsafe
    secrets.token_urlsafe = lambda size=None: canary if size == VERIFIER_BYTES else random(size)
    return oauth


def rows(oauth: OAuthServer) -> str:
    """Providers whose log-ins succeed, whose token endpoint is gone, and whose code is shown and pasted."""
    shown = oauth.toml("shown", redirect_uri="https://acme.example/code", device_url=None)
    key = f'base_url = "{oauth.url}/v1"\n[providers.openrouter.login]\n'
    key += f'authorize_url = "{oauth.url}/authorize"\nexchange_url = "{oauth.url}/keys"\n'
    return "\n".join(
        [
            *map(oauth.toml, ("inside", *RENEWALS)),
            oauth.toml("gone", token_url=f"{GONE}/token"),
            shown,
            f"[providers.openrouter]\n{key}",
        ]
    )


async def use(client: modelport.Client, oauth: OAuthServer, canary: str) -> int:
    """Drives them all; returns how many have ended well."""
    log_ins = await (await client._session.app()).core.log_ins.get()
    done = 0

    async def log_in(provider: str, method: Any, act: Callable[[str], object], *troubles: Trouble) -> None:
        nonlocal done
        oauth.troubles = list(troubles)
        with contextlib.suppress(modelport.ModelportError):
            await log_ins.log_in(provider, method, None, lambda begun: act(page_of(begun)))
            done += 1

    def back(page: str, **changes: Any) -> str:
        return oauth.visit(page, **{"code": f"{canary}-code", **changes})[0]

    def browses(page: str, **changes: Any) -> None:
        threading.Thread(target=visited, args=(back(page, **changes),)).start()

    def pastes(page: str) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(back(page)).query).items()}
        for text in (f"{query['code']}#wrong", "no", f"{query['code']}#{query['state']}", query["code"]):
            with contextlib.suppress(modelport.ModelportError):
                log_ins.paste("shown", None, Secret(text))

    def approves(_: str) -> None:
        oauth.approved.set()

    failures = [refusal("invalid_grant"), refusal("access_denied", 200), NO_JSON]
    for trouble in (*failures, None):
        await log_in("inside", "device", approves, refusal("server_error", 503), trouble)
        await log_in("inside", "code", browses, trouble)
        await log_in("shown", "code", pastes, trouble)
    await log_in("inside", "code", lambda page: browses(page, code=None, error="access_denied"))
    await log_in("gone", "code", browses)
    await log_in("openrouter", "code", browses)
    for provider, trouble in RENEWALS.items():
        await log_in(provider, "code", browses)
        oauth.revoke()
        oauth.troubles = [trouble] * 4
        with contextlib.suppress(modelport.ModelportError):
            await client.complete("x", model=f"{provider}/m")
            done += 1
        assert trouble is None or len(oauth.troubles) < 4, provider
    return done


def page_of(begun: LogInBegun) -> str:
    return begun.update.verification_uri


def visited(url: str) -> None:
    with contextlib.suppress(urllib.error.HTTPError), urllib.request.urlopen(url, timeout=5) as page:
        page.read()
