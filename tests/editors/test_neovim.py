"""The Lua client in a real Neovim: what a person sees in the buffer."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from editors.neovim import SERVER, Neovim
from support.peers import gone

pytestmark = pytest.mark.editors


def test_an_answer_is_streamed_into_the_buffer(neovim: Neovim) -> None:
    seen = neovim.play("stream")
    first, answered, last = seen["lines"]
    assert (first, last) == ("one", "three")
    # The cursor stood on "ö": what follows it stays behind the answer.
    assert answered == r"beföYou said: say naïve 🦊 in\n東京 and so on, word by wordre after"
    assert len(seen["states"]) > 5
    sizes = [len(state) for state in seen["states"]]
    assert sizes == sorted(sizes), "the answer only grows"
    assert seen["running"] == 1
    assert seen["busy"] == seen["statusline"] == "Asking mock/mock:delay=15"
    assert seen["attached"] == 0, "the server is not to see the buffer"
    assert seen["notified"] == []
    assert seen["usage"].startswith("mock/mock:delay=15: ")
    assert " in, " in seen["usage"]
    assert seen["usage"] in seen["messages"]


def test_lines_and_the_whole_answer(neovim: Neovim) -> None:
    seen = neovim.play("lines")
    assert seen["lines"] == ["You said: first", "second", "", "last"]
    assert seen["completion"]["text"] == "\n".join(seen["lines"])
    assert "err" not in seen


def test_lines_sent_along(neovim: Neovim) -> None:
    seen = neovim.play("range")
    answer = ["You said: explain", "", "a = 1", "b = 2"]
    assert seen["lines"] == ["keep", "a = 1", "b = 2", *answer, "rest"]


def test_cancel(neovim: Neovim) -> None:
    seen = neovim.play("cancel")
    assert seen["lines"] == ["You said: one"]
    assert seen["running"] == 0
    assert seen["err"]["code"] == -32800
    assert seen["changes_after"] == 0
    assert seen["usage"].startswith("mock/mock:stall=3: ~")
    assert seen["notified"] == [], "a person who cancels knows it"
    assert seen["next"] == ["You said: againYou said: one"]


def test_cancel_before_the_server_is_up(neovim: Neovim) -> None:
    assert neovim.play("cancel_early")["lines"] == ["You said: in time"]


def test_an_answer_that_breaks_off_stays(neovim: Neovim) -> None:
    seen = neovim.play("failure")
    assert seen["lines"] == ["You said: one"]
    assert seen["err"]["code"] == -32803
    assert seen["err"]["data"]["kind"] == "stream_interrupted"
    assert seen["err"]["data"]["text"] == "You said: one"
    (message,) = seen["notified"]
    assert "try again" in message


def test_two_answers_while_a_person_types(neovim: Neovim) -> None:
    seen = neovim.play("two")
    assert seen["left"] == ["typed", "above", "left: You said: to the left, many words for a while"]
    assert seen["right"] == ["right: You said: to the right, many words for a while"]


def test_two_answers_at_one_place_stay_in_one_piece(neovim: Neovim) -> None:
    first, second = ("You said: first, many words for a while", "You said: second, many words for a while")
    assert neovim.play("same_place")["lines"] == [f"before {first}{second}after"]


def test_bytes_that_are_no_text_do_not_hold_the_answer_up(neovim: Neovim) -> None:
    seen = neovim.play("raw")
    assert "err" not in seen
    bad = "\N{REPLACEMENT CHARACTER}"
    texts = [f"caf{bad}", f"half {bad}", f"long {bad * 2}", f"surrogate {bad * 3}", f"high {bad * 4}", "ü 🦊"]
    assert seen["lines"] == ["You said: " + "|".join(texts)]


def test_a_request_that_cannot_be_sent_is_over(neovim: Neovim) -> None:
    seen = neovim.play("unsendable")
    assert seen["running"] == 0
    assert "cannot be sent" in seen["err"]["message"]


def test_a_protected_buffer_is_not_written_to(neovim: Neovim) -> None:
    seen = neovim.play("protected")
    assert seen["kept"] == [["one", "two"], ["one", "two"]]
    assert seen["running"] == 0
    assert seen["refused"] == 4
    assert seen["ends"] == [-32800, -32800]
    assert seen["changes"] == 0
    assert [("read-only" in text, "modifiable" in text) for text in seen["notified"][4:]] == [
        (True, False),
        (False, True),
    ]


def test_a_server_that_never_becomes_ready(neovim: Neovim) -> None:
    silent = (sys.executable, "-c", "import sys; sys.stdin.read()")
    again = json.dumps(SERVER)
    seen = neovim.play("never_ready", server=silent, MODELPORT_NEXT_SERVER=again)
    assert "did not become ready" in seen["err"]["message"]
    assert seen["lines"] == ["You said: again"]


def test_one_undo_takes_the_answer_back(neovim: Neovim) -> None:
    seen = neovim.play("undo")
    assert seen["blocks"] > 5
    assert seen["answer"] == ["beforeYou said: many words that come one after the other"]
    assert seen["undone"] == ["before"]


def test_a_buffer_that_goes_away_ends_its_answer(neovim: Neovim) -> None:
    seen = neovim.play("wiped")
    assert seen["err"]["code"] == -32800
    assert seen["notified"] == []


def test_no_server(neovim: Neovim) -> None:
    seen = neovim.play("no_server")
    assert seen["stream_id"] == "none"
    assert seen["running"] == 0
    assert seen["lines"] == [""]
    assert any("there-is-no-such-modelport" in message for message in seen["notified"])


def with_pid_file(path: Path) -> dict[str, Any]:
    """A server that writes down its process id."""
    script = 'echo $$ > "$MODELPORT_PID_FILE"; exec "$@"'
    return {"server": ("sh", "-c", script, "sh", *SERVER), "MODELPORT_PID_FILE": str(path)}


def test_a_server_that_is_killed(neovim: Neovim, tmp_path: Path) -> None:
    seen = neovim.play("killed", **with_pid_file(tmp_path / "pid"))
    assert seen["err"]["message"] == "the server is gone"
    assert len(seen["notified"]) >= 1
    assert seen["lines"] == ["You said: back againYou"]


def test_leaving_neovim_ends_the_server(neovim: Neovim, tmp_path: Path) -> None:
    pid = neovim.play("quit", **with_pid_file(tmp_path / "pid"))["pid"]
    assert gone(pid), "the server outlives its editor"
