"""Logging in to a provider and out again, as a person does it: the code, the page, what is kept, and a log-in that ends."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from editors.workbench.driver import BUTTON, DIALOG, INPUT, ROWS, STATUS, TOAST, Window
from editors.workbench.workbench import Workbench
from modelport.engine.providers.configuration import LOOK_INTERVAL_S
from support.oauth_server import OAuthServer

pytestmark = [pytest.mark.editors, pytest.mark.timeout(240, func_only=True)]
SLOW_S = 60.0
CODE = "WDJB-MJHT"
AUTHORIZE = "https://acme.example/authorize"


@pytest.fixture
def oauth(workbench: Workbench) -> Iterator[OAuthServer]:
    """A provider with a log-in, in the configuration of the running servers."""
    file = workbench.configuration / "config.toml"
    before = file.read_text()
    with OAuthServer() as running:
        running.page_approves = False
        file.write_text(f"{before}\n{running.toml(authorize_url=AUTHORIZE)}")
        # A change counts a moment later, see ``ActiveConfiguration.refresh``.
        time.sleep(2 * LOOK_INTERVAL_S)
        yield running
        file.write_text(before)


def tokens(workbench: Workbench) -> list[str]:
    """The access tokens in the keyring."""
    kept = json.loads((workbench.folder / "keyring.json").read_text())
    return [json.loads(text)["secret"] for entry, text in kept.items() if entry.startswith("modelport/acme")]


def test_with_a_code(workbench: Workbench, connected: Window, oauth: OAuthServer) -> None:
    connected.command("Modelport: Connect Provider")
    connected.pick("acme")
    connected.sees(ROWS, "Enter a Key")
    connected.shot("log-in-or-key")
    connected.pick("Log In with a Code")
    connected.sees(ROWS, CODE, timeout_s=SLOW_S)
    connected.sees(TOAST, f"Enter the code {CODE}")
    connected.shot("log-in-code")
    # The browser would cover the code: it is for the user to open it.
    assert oauth.visits == []
    connected.pick("Copy Code and Open Page")
    connected.until(lambda: oauth.visits, "the page is opened")
    connected.sees(TOAST, f"Enter the code {CODE}")
    connected.shot("log-in-page-opened")
    oauth.approved.set()
    connected.sees(TOAST, "is connected. Its model is in the model picker", timeout_s=SLOW_S)
    connected.loses(ROWS, CODE)
    connected.loses(TOAST, CODE)
    connected.shot("logged-in")
    (token,) = tokens(workbench)
    assert token in oauth.good
    assert workbench.holding(token) == [workbench.folder / "keyring.json"]

    connected.command("Modelport: Manage Keys")
    connected.sees(ROWS, "logged in (…6789)")
    connected.shot("manage-log-ins")
    connected.pick("acme")
    connected.sees(ROWS, "Log In Again…")
    connected.shot("manage-log-in")
    connected.pick("Test")
    connected.sees(TOAST, "takes the log-in")
    connected.press("Escape")

    oauth.revoke()
    oauth.refresh_tokens.clear()
    oauth.approved.clear()
    connected.command("Modelport: Connect Provider")
    connected.pick("acme")
    connected.sees(ROWS, "Add Another Connection…")
    connected.pick("acme")
    connected.sees(BUTTON, "Log In", timeout_s=SLOW_S)
    connected.shot("log-in-ended")
    connected.click(BUTTON, "Log In")
    connected.pick("Log In with a Code")
    connected.sees(ROWS, CODE, timeout_s=SLOW_S)
    connected.pick("Cancel")
    connected.loses(TOAST, CODE)
    assert tokens(workbench) == []
    connected.command("Modelport: Disconnect Provider")
    connected.pick("acme")
    connected.until(lambda: "study-1" in connected.texts(STATUS)[0], "the connection before is the active one")


def test_in_the_browser_and_out_again(workbench: Workbench, connected: Window, oauth: OAuthServer) -> None:
    connected.command("Modelport: Log In")
    connected.pick("acme")
    connected.pick("Log In in the Browser")
    connected.sees(ROWS, "Paste the Address…", timeout_s=SLOW_S)
    # The editor's own question, which comes before any page of elsewhere.
    connected.sees(DIALOG, "acme.example")
    connected.shot("log-in-open-page")
    connected.click(f"{DIALOG} .monaco-button", "Open")
    (page,) = connected.until(lambda: connected.opened(AUTHORIZE), "the page is opened")
    # As the server made it: an address within an address keeps its escapes.
    assert "redirect_uri=http%3A%2F%2F127.0.0.1%3A" in page
    connected.shot("log-in-browser")
    back, _ = oauth.visit(page)
    connected.pick("Paste the Address…")
    connected.sees(".quick-input-message", "The address that the browser was sent to")
    connected.enter(INPUT, back.replace("state=", "state=x"))
    connected.sees(".quick-input-message", "This page belongs to another log-in")
    connected.shot("log-in-wrong-address")
    connected.enter(INPUT, back)
    connected.sees(TOAST, "is connected", timeout_s=SLOW_S)
    assert tokens(workbench) != []

    connected.command("Modelport: Log Out")
    connected.pick("acme")
    connected.sees(DIALOG, "Log out of")
    connected.shot("log-out")
    connected.click(f"{DIALOG} .monaco-button", "Log Out")
    connected.sees(TOAST, "You are logged out of")
    assert tokens(workbench) == []


def test_two_accounts_stand_side_by_side(workbench: Workbench, connected: Window, oauth: OAuthServer) -> None:
    oauth.rotates = False
    oauth.approved.set()
    connected.command("Modelport: Log In")
    connected.pick("acme")
    connected.pick("Log In with a Code")
    connected.sees(TOAST, "acme is connected", timeout_s=SLOW_S)
    connected.command("Modelport: Log In")
    connected.pick("acme")
    connected.pick("Add Another Connection…")
    connected.sees(".quick-input-message", "A name for this connection")
    connected.enter(INPUT, "work")
    connected.pick("Log In with a Code")
    connected.sees(TOAST, "acme (work) is connected", timeout_s=SLOW_S)
    assert len(set(tokens(workbench))) == 2

    connected.command("Modelport: Manage Keys")
    connected.sees(ROWS, "acme (work)")
    connected.shot("two-accounts")
    assert sum("logged in" in row for row in connected.rows()) == 2
    for account in ("acme (work)", "acme"):
        connected.command("Modelport: Log Out")
        connected.sees(ROWS, account)
        connected.pick(account)
        connected.sees(DIALOG, f"Log out of {account}?")
        connected.click(f"{DIALOG} .monaco-button", "Log Out")
        connected.sees(TOAST, f"You are logged out of {account}")
    assert tokens(workbench) == []
    connected.until(lambda: "study-1" in connected.texts(STATUS)[0], "the connection before is the active one")
