"""The Lisp client in a real Emacs: what a person sees in the buffer."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from editors.log_ins import Desk, is_free, port_of
from support import programs
from support.oauth_server import OAuthServer

pytestmark = [pytest.mark.editors, pytest.mark.timeout(30, func_only=True)]
SERVER = (sys.executable, "-m", "modelport", "serve")
SCENARIOS = Path(__file__).with_name("emacs.el")
CLIENT = programs.ROOT / "client-emacs"
Play = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def emacs() -> Path:
    return programs.debian_program("emacs", "emacs-nox")


@pytest.fixture
def play(emacs: Path, tmp_path: Path) -> Play:
    """Plays a scenario of emacs.el and returns what was seen."""

    def play(scenario: str, **env: str) -> dict[str, Any]:
        done = subprocess.run(
            [emacs, "--batch", "-q", "-L", CLIENT, "-l", SCENARIOS, "-f", "play", scenario],
            env={
                **os.environ,
                "HOME": str(tmp_path),
                "TMPDIR": str(tmp_path),
                "LANG": "C.UTF-8",
                "MODELPORT_SERVER": json.dumps(SERVER),
                **env,
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=25,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return play


def test_it_compiles_without_a_warning(emacs: Path, tmp_path: Path) -> None:
    copies = [shutil.copy(source, tmp_path) for source in sorted(CLIENT.glob("*.el"))]
    strict = ["--eval", "(setq byte-compile-error-on-warn t)"]
    done = subprocess.run(
        [emacs, "--batch", "-Q", "-L", tmp_path, *strict, "-f", "batch-byte-compile", *copies],
        capture_output=True,
        text=True,
        timeout=25,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_an_answer_is_streamed_into_the_buffer(play: Play) -> None:
    seen = play("stream")
    answer = "You said: say naïve 🦊 in\n東京, word by word"
    assert seen["buffer"] == f"before {answer}after"
    assert seen["whole"] == answer
    assert seen["running"] == 1
    assert seen["busy"] == "Asking mock/mock:delay=15"
    assert len(seen["states"]) > 5
    sizes = [len(state) for state in seen["states"]]
    assert sizes == sorted(sizes), "the answer only grows"
    assert seen["usage"].startswith("mock/mock:delay=15: ")
    assert " in, " in seen["usage"]
    assert seen["gone"] is True


def test_the_region_goes_along(play: Play) -> None:
    assert play("region")["buffer"] == "a = 1\nb = 2\nYou said: explain"


def test_cancel(play: Play) -> None:
    seen = play("cancel")
    assert seen["buffer"] == "You said: one"
    assert seen["code"] == -32800
    assert seen["changesAfter"] == 0
    assert seen["outcome"] == "cancelled"
    assert seen["usage"].endswith("(cancelled)")
    assert seen["next"] == "You said: againYou said: one"


def test_an_answer_that_breaks_off_stays(play: Play) -> None:
    seen = play("failure")
    assert seen["buffer"] == "You said: one"
    assert seen["code"] == -32803
    assert seen["kind"] == "stream_interrupted"
    assert "Modelport: The mock broke off" in seen["messages"]


def test_two_answers_at_one_place_stay_in_one_piece(play: Play) -> None:
    first, second = ("You said: first, many words for a while", "You said: second, many words for a while")
    assert play("same-place")["buffer"] == f"before {first}{second}after"


def test_bytes_that_are_no_text_do_not_hold_the_answer_up(play: Play) -> None:
    seen = play("raw")
    bad = "\N{REPLACEMENT CHARACTER}"
    assert seen == {"buffer": f"You said: caf{bad} {bad}ü{bad}🦊", "err": None}


def test_a_request_that_cannot_be_sent_is_over(play: Play) -> None:
    seen = play("unsendable")
    assert seen["running"] == 0
    assert seen["message"]


def test_a_protected_buffer_is_not_written_to(play: Play) -> None:
    seen = play("protected")
    assert (seen["refused"], seen["kept"], seen["running"]) == ("buffer-read-only", "kept", 0)
    assert seen["codes"] == [-32800, -32800]
    assert seen["changed"] == 0


def test_a_narrowed_buffer_is_written_to_where_the_answer_is(play: Play) -> None:
    answer = "You said: many words that come one after the other"
    assert play("narrowed") == {"narrowed": "above", "buffer": f"above\nhere: {answer}"}


def test_one_undo_takes_the_answer_back(play: Play) -> None:
    seen = play("undo")
    assert seen["answer"] == "before You said: many words that come one after the other"
    assert seen["undone"] == "before "


def test_a_person_may_type_meanwhile(play: Play) -> None:
    answer = "You said: many words that come one after the other"
    assert play("typed")["buffer"] == f"typed above\nhere: {answer}"


def test_a_buffer_that_goes_away_ends_its_answer(play: Play) -> None:
    assert play("killed-buffer") == {"code": -32800, "outcome": "cancelled"}


def test_a_server_that_is_killed(play: Play) -> None:
    seen = play("killed-server")
    assert seen["message"] == "Server died"
    assert seen["buffer"] == "You said: backYou"


def test_no_server(play: Play) -> None:
    seen = play("no-server")
    assert "there-is-no-such-modelport" in seen["error"]
    assert seen["running"] == 0


@pytest.fixture
def oauth() -> Iterator[OAuthServer]:
    with OAuthServer() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, oauth: OAuthServer) -> Desk:
    made = Desk(tmp_path, monkeypatch, oauth)
    made.env["DISPLAY"] = ":99"
    return made


def test_the_code_stays_in_sight_while_the_browser_is_used(play: Play, desk: Desk, oauth: OAuthServer) -> None:
    seen = play("log-in-device", **desk.env, DELAY_S="0.5")
    page = f"{oauth.url}/activate"
    assert seen["name"] == "*Modelport log-in: acme*"
    assert f"Enter the code WDJB-MJHT at {page}\n" in seen["text"]
    assert (seen["selected"], seen["copied"], seen["gone"]) == (True, "WDJB-MJHT", True)
    assert desk.opened == [page]
    assert seen["location"] == "modelport/acme"
    assert "Modelport: logged in to acme, kept in modelport/acme" in seen["messages"]
    assert seen["loggedOut"] == "Modelport: logged out of acme"
    assert desk.entries == {}


def test_an_address_is_pasted_where_the_browser_is_elsewhere(play: Play, desk: Desk, oauth: OAuthServer) -> None:
    seen = play("log-in-paste", **desk.env, SSH_CONNECTION="192.0.2.1 1 192.0.2.2 22")
    assert desk.opened == [], "the browser of another machine is of no use"
    assert seen["copied"] == seen["page"]
    assert seen["selected"] is False, "a user who has gone elsewhere stays there"
    assert "copy the whole address" in seen["refused"]
    assert seen["location"] == "modelport/acme/work"
    assert desk.kept("acme/work")["secret"] in oauth.good


def test_cancelling_ends_a_log_in_and_frees_its_port(play: Play, desk: Desk) -> None:
    seen = play("log-in-cancel", **desk.env, SSH_TTY="/dev/pts/0")
    assert seen["codes"] == [-32800, -32800, -32800]
    assert len(set(seen["pages"])) == 3
    assert [is_free(port_of(page)) for page in seen["pages"]] == [True, True, True]
    assert seen["gone"] is True
    assert desk.entries == {}


def test_providers_with_a_log_in_are_offered_and_a_refusal_says_what_to_do(play: Play, desk: Desk) -> None:
    seen = play("log-in-refused", **desk.env)
    assert {"acme", "copilot", "openrouter"} <= set(seen["providers"])
    assert not {"groq", "mock"} & set(seen["providers"])
    assert "modelport keys set groq" in seen["message"]
    assert "M-x modelport-login" in seen["nothing"]
    assert seen["stays"] == "Modelport: no log-in of acme is stored: its key in modelport/acme was typed in, and stays"
    assert seen["other"] == "Modelport: logged out of acme for work; now modelport/acme is used"


@pytest.fixture
def eglot(emacs: Path) -> None:
    """Part of Emacs from version 29, a package of its own before."""
    with_packages = "(progn (require 'package) (package-initialize) (require 'eglot))"
    probe = [emacs, "--batch", "-q", "--eval", with_packages]
    if subprocess.run(probe, capture_output=True, timeout=20, check=False).returncode:
        programs.debian_packages("elpa-eglot")


@pytest.mark.usefixtures("eglot")
def test_eglot(play: Play) -> None:
    seen = play("eglot")
    assert seen["server"] == "modelport"
    assert seen["completion"] == "You said: hello"
    assert seen["calls"] == 1
    assert "active" in seen["status"]
    assert seen["stopped"] is True
