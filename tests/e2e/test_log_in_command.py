"""``modelport login`` and ``logout`` as a user runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.test_log_in import Machine, browse
from support.oauth_server import OAuthServer
from support.waiting import until

MODELPORT = (sys.executable, "-m", "modelport")


@pytest.fixture
def oauth() -> Iterator[OAuthServer]:
    with OAuthServer() as running:
        yield running


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, oauth: OAuthServer) -> Machine:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    made = Machine(tmp_path, monkeypatch)
    made.configure(oauth.toml())
    return made


def started(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*MODELPORT, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def said(process: subprocess.Popen[str], word: str) -> str:
    """The line of standard error that holds a word."""
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if word in line:
            return line
    raise AssertionError(f"no {word} in {lines}")


def test_a_whole_log_in_by_a_code_and_out_again(machine: Machine, oauth: OAuthServer) -> None:
    with started("login", "acme") as process:
        assert said(process, "WDJB-MJHT").strip() == f"Enter the code WDJB-MJHT at {oauth.url}/activate"
        oauth.approved.set()
        out, _ = process.communicate(timeout=20)
        assert out.strip() == "Logged in to acme: kept in modelport/acme."
        assert process.returncode == 0
    assert machine.kept()["secret"] in oauth.good
    ended = subprocess.run([*MODELPORT, "logout", "acme"], capture_output=True, text=True, timeout=20, check=False)
    assert (ended.returncode, ended.stdout.strip()) == (0, "Logged out of acme.")
    assert machine.entries == {}


def test_logging_out_says_that_a_key_which_was_typed_in_stays(machine: Machine) -> None:
    subprocess.run([*MODELPORT, "keys", "set", "acme"], input="typed-0123456789", text=True, check=True, timeout=20)
    done = subprocess.run([*MODELPORT, "logout", "acme"], capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert "modelport keys delete acme" in done.stderr
    assert list(machine.entries) == ["modelport/acme"]


def test_a_variable_that_comes_before_the_log_in_is_named(
    machine: Machine, oauth: OAuthServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.configure(oauth.toml().replace("[providers.acme]\n", '[providers.acme]\napi_key_env = "ACME_KEY"\n'))
    monkeypatch.setenv("ACME_KEY", "from-the-environment")
    oauth.approved.set()
    done = subprocess.run([*MODELPORT, "login", "acme"], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0
    assert "ACME_KEY comes before it" in done.stderr


@pytest.mark.parametrize("others", ["logged in", "typed in"])
def test_logging_out_of_one_account_says_which_other_is_used(machine: Machine, oauth: OAuthServer, others: str) -> None:
    oauth.rotates = False
    oauth.approved.set()
    own = ("login", "acme") if others == "logged in" else ("keys", "set", "acme")
    for command in (own, ("login", "acme", "--name", "work")):
        subprocess.run([*MODELPORT, *command], input="typed-0123456789", text=True, check=True, timeout=20)
    command = [*MODELPORT, "logout", "acme", "--name", "work"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Logged out of acme for work; now modelport/acme is used.\n"
    assert list(machine.entries) == ["modelport/acme"]


def test_logging_out_of_an_account_whose_key_was_typed_in_names_that_key(machine: Machine) -> None:
    key = ("keys", "set", "acme", "--name", "work")
    subprocess.run([*MODELPORT, *key], input="typed-0123456789", text=True, check=True, timeout=20)
    command = [*MODELPORT, "logout", "acme", "--name", "work"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert "modelport/acme/work" in done.stderr
    assert "modelport keys delete acme --name work" in done.stderr
    assert list(machine.entries) == ["modelport/acme/work"]


def test_the_address_can_be_pasted_where_the_browser_is_elsewhere(machine: Machine, oauth: OAuthServer) -> None:
    with started("login", "acme", "--method", "code", "--name", "work", "--json") as process:
        back, _ = oauth.visit(said(process, "Log in at").split()[-1])
        assert process.stdin is not None
        process.stdin.write(f"nonsense here\n{back}\n")
        process.stdin.flush()
        assert "no code" in said(process, "copy the whole address")
        out, _ = process.communicate(timeout=20)
    assert json.loads(out) == {
        "provider": "acme",
        "name": "work",
        "source": "keyring",
        "location": "modelport/acme/work",
        "last4": "6789",
        "loggedIn": True,
    }


def test_ctrl_c_ends_a_log_in_and_keeps_nothing(machine: Machine, oauth: OAuthServer) -> None:
    with started("login", "acme", "--method", "code") as process:
        page = said(process, "Log in at").split()[-1]
        back, _ = oauth.visit(page)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert machine.entries == {}
    with pytest.raises(OSError, match="refused"):
        browse(back)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("groq",), 1, "modelport keys set groq"),
        (("copilot",), 1, "client_id"),
        (("nobody",), 2, "nobody"),
        (("acme", "--name", "groq"), 2, "name"),
    ],
)
def test_a_log_in_that_cannot_be_made_is_a_sentence(
    machine: Machine, arguments: tuple[str, ...], code: int, words: str
) -> None:
    done = subprocess.run([*MODELPORT, "login", *arguments], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == code
    assert words in done.stderr
    assert done.stdout == ""


def test_the_browser_gets_the_page_and_no_key(
    machine: Machine, oauth: OAuthServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = tmp_path / "browser"
    browser.write_text('#!/bin/sh\nenv > "$SEEN.new"; echo "PAGE=$1" >> "$SEEN.new"; mv "$SEEN.new" "$SEEN"\n')
    browser.chmod(0o700)
    seen = tmp_path / "seen"
    for name, value in {
        "BROWSER": f"{browser} %s",
        "SEEN": str(seen),
        "DISPLAY": ":99",
        "GROQ_API_KEY": "gsk_canary-0123456789",
    }.items():
        monkeypatch.setenv(name, value)
    with started("login", "acme") as process:
        said(process, "WDJB-MJHT")
        until(seen.exists, "no browser was started")
        oauth.approved.set()
        process.communicate(timeout=20)
    text = seen.read_text()
    assert f"PAGE={oauth.url}/activate" in text
    assert "canary" not in text
