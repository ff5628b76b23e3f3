"""``modelport keys``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keyring
import keyring.backends.fail
import pytest

from support.file_keyring import LockedKeyring
from support.http_server import Answer, LocalServer, Received
from support.sse import refused

KEY = "gsk_canary-0123456789abcdef"


def test_a_key_is_read_from_standard_input_kept_listed_and_deleted(run: Any, entries: Path) -> None:
    result = run("keys", "set", "Groq", input=f"{KEY}\n")
    assert result.exit_code == 0
    assert result.stdout == "Stored the key of groq in the keyring as modelport/groq.\n"
    assert json.loads(entries.read_text()).keys() == {"modelport/groq"}
    listed = run("keys", "list")
    assert listed.exit_code == 0
    assert listed.stdout.splitlines()[1].split() == ["groq", "keyring", "modelport/groq", "cdef"]
    deleted = run("keys", "delete", "groq")
    assert (deleted.exit_code, deleted.stdout) == (0, "No key of groq is stored any more.\n")
    assert json.loads(entries.read_text()) == {}
    assert KEY not in result.output + listed.output + deleted.output


def test_json_is_the_contracts_status(run: Any) -> None:
    status = {"provider": "groq", "source": "keyring", "location": "modelport/groq", "last4": "cdef"}
    assert json.loads(run("keys", "set", "groq", "--json", input=KEY).stdout) == status
    assert json.loads(run("keys", "list", "--json").stdout)["credentials"] == [status]
    assert json.loads(run("keys", "delete", "groq", "--json").stdout) == {"provider": "groq", "source": "none"}


def test_a_key_may_be_bound_to_an_address(run: Any) -> None:
    result = run("keys", "set", "groq", "--base-url", "https://mine.example", input=KEY)
    assert "for https://mine.example only" in result.stdout
    assert json.loads(run("keys", "list", "--json").stdout)["credentials"][0]["baseUrl"] == "https://mine.example"


def test_a_key_of_a_connection_is_kept_and_deleted_apart_from_the_providers(run: Any, entries: Path) -> None:
    run("keys", "set", "groq", input=KEY)
    result = run("keys", "set", "groq", "--name", "Work", input=f"{KEY}-work")
    assert result.stdout == "Stored the key of groq for work in the keyring as modelport/groq/work.\n"
    assert json.loads(entries.read_text()).keys() == {"modelport/groq", "modelport/groq/work"}
    assert "groq for work" in run("keys", "list").stdout
    listed = json.loads(run("keys", "list", "--json").stdout)["credentials"]
    assert [(one.get("name"), one["last4"]) for one in listed] == [(None, "cdef"), ("work", "work")]
    deleted = run("keys", "delete", "groq", "--name", "work")
    assert "No key of groq for work is stored any more; now modelport/groq is used" in " ".join(deleted.stdout.split())
    assert json.loads(entries.read_text()).keys() == {"modelport/groq"}
    # The provider's id is the name of its own connection.
    run("keys", "delete", "groq", "--name", "groq")
    assert json.loads(entries.read_text()) == {}


@pytest.mark.parametrize("name", ["", "a/b", "../groq", "openai", "two words", "x" * 65, "\u202e"])
def test_a_name_that_no_connection_may_have_is_2(run: Any, entries: Path, name: str) -> None:
    for arguments in (("set", "groq"), ("delete", "groq")):
        result = run("keys", *arguments, "--name", name, input=KEY)
        assert result.exit_code == 2
        assert "name cannot be the name of a connection" in " ".join(result.stderr.split())
    assert not entries.exists()


def test_deleting_reports_the_key_that_is_used_now(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    assert "now GROQ_API_KEY is used" in run("keys", "delete", "groq").stdout


def test_a_key_behind_another_is_listed_as_shadowed(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run("keys", "set", "groq", input=KEY)
    monkeypatch.setenv("GROQ_API_KEY", "gsk_environment-0123456789wxyz")
    listed = run("keys", "list").stdout.splitlines()[1:]
    assert [line.split(maxsplit=4) for line in listed] == [
        ["groq", "environment", "GROQ_API_KEY", "wxyz"],
        ["groq", "keyring", "modelport/groq", "cdef", "shadowed by GROQ_API_KEY"],
    ]
    (status,) = json.loads(run("keys", "list", "--json").stdout)["credentials"]
    assert status["others"] == [{"source": "keyring", "location": "modelport/groq", "last4": "cdef"}]


def test_everywhere_deletes_every_key_of_a_provider_and_tells_what_is_left(
    run: Any, entries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("keys", "set", "groq", input=KEY)
    run("keys", "set", "groq", "--name", "work", input=KEY)
    run("keys", "set", "together", input="other-0123456789")
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    deleted = run("keys", "delete", "groq", "--everywhere")
    assert deleted.exit_code == 0
    assert deleted.stdout.splitlines() == [
        "No store holds a key of groq any more.",
        "groq: GROQ_API_KEY in the environment still holds one: unset it where it is set.",
    ]
    assert json.loads(entries.read_text()).keys() == {"modelport/together"}


def test_a_command_that_prints_a_key_is_left_and_named(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MODELPORT_CONFIG_DIR", str(tmp_path))
    (tmp_path / "config.toml").write_text('[providers.groq]\napi_key_command = ["pass", "groq"]\n')
    lines = run("keys", "delete", "groq", "--everywhere").stdout.splitlines()
    assert lines[1:] == ["groq: api_key_command in config.toml still prints one, by pass: take it out there."]


def test_all_keys_are_deleted_once_that_is_confirmed(run: Any, entries: Path) -> None:
    run("keys", "set", "groq", input=KEY)
    run("keys", "set", "groq", "--name", "work", input=KEY)
    refused = run("keys", "delete", "--all")
    assert refused.exit_code == 2
    assert "--yes" in refused.stderr
    assert len(json.loads(entries.read_text())) == 2
    deleted = run("keys", "delete", "--all", "--yes")
    assert (deleted.exit_code, deleted.stdout) == (
        0,
        "Deleted the keys of groq, groq/work; no store holds a key of Modelport's any more.\n",
    )
    assert json.loads(entries.read_text()) == {}
    assert run("keys", "delete", "--all", "--yes").stdout.startswith("There was no stored key;")


def test_all_as_json_has_what_was_deleted_and_what_is_left(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run("keys", "set", "groq", input=KEY)
    monkeypatch.setenv("TOGETHER_API_KEY", "other-0123456789")
    done = json.loads(run("keys", "delete", "--all", "--yes", "--json").stdout)
    assert done["deleted"] == ["groq"]
    assert [one["location"] for one in done["left"]] == ["TOGETHER_API_KEY"]


def test_no_keys_found_is_1_with_a_way_out(run: Any) -> None:
    result = run("keys", "list")
    assert result.exit_code == 1
    assert "modelport keys set PROVIDER" in result.stdout
    result = run("keys", "list", "--json")
    assert (result.exit_code, json.loads(result.stdout)["credentials"]) == (1, [])


@pytest.mark.parametrize(
    ("arguments", "input"),
    [
        (["set", "unknown"], KEY),
        (["set", "groq"], "\n"),
        (["set", "openai"], KEY),
        (["set"], KEY),
        (["delete", "unknown"], None),
        (["delete"], None),
        (["delete", "groq", "--all"], None),
        (["delete", "--all", "--name", "work"], None),
        (["delete", "groq", "--everywhere", "--name", "work"], None),
        (["test", "unknown"], None),
        (["test", "--name", "work"], None),
        (["test", "groq", "--name", "a/b"], None),
        (["rotate"], None),
    ],
)
def test_wrong_usage_is_2_and_echoes_no_key(run: Any, entries: Path, arguments: list[str], input: str | None) -> None:
    result = run("keys", *arguments, input=input)
    assert result.exit_code == 2
    assert not entries.exists()
    assert "Traceback" not in result.output
    assert KEY not in result.output


@pytest.mark.parametrize("key", [f"{KEY}é\n".encode("latin-1"), bytes(range(128, 256)), b"\xff\xfek"])
def test_a_key_in_another_encoding_is_2_and_nothing_is_stored(run: Any, entries: Path, key: bytes) -> None:
    result = run("keys", "set", "groq", input=key)
    assert result.exit_code == 2
    assert "UTF-8" in result.stderr
    assert not entries.exists()
    assert KEY not in result.output


@pytest.mark.parametrize("end", ["\r\n", "\n", ""])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_a_key_with_a_byte_order_mark_is_stored_without_it(run: Any, encoding: str, end: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    status = json.loads(run("keys", "set", "groq", "--json", input=f"{mark}{KEY}{end}".encode(encoding)).stdout)
    assert status["last4"] == KEY[-4:]


def test_a_key_given_as_an_argument_is_refused_without_repeating_it(run: Any) -> None:
    result = run("keys", "set", "groq", KEY)
    assert result.exit_code == 2
    assert KEY not in result.output


@pytest.mark.parametrize("backend", [LockedKeyring, keyring.backends.fail.Keyring])
def test_a_keyring_that_cannot_be_used_is_1_and_says_so(run: Any, backend: Any) -> None:
    keyring.set_keyring(backend())
    result = run("keys", "set", "groq", input=KEY)
    assert result.exit_code == 1
    assert "keyring" in result.stderr
    assert KEY not in result.output


@pytest.mark.parametrize(
    ("provider", "key", "hint"),
    [
        ("openai", "foo-0123456789", "Keys of OpenAI begin with sk-, and this one does not"),
        ("anthropic", "foo-0123456789", "Keys of Anthropic begin with sk-ant-, and this one does not"),
        ("openai", "sk-proj-0123456789", ""),
        ("anthropic", "sk-ant-oat01-0123456789", ""),
        ("together", "foo-0123456789", ""),
    ],
)
def test_a_key_that_looks_odd_is_kept_with_a_hint(run: Any, provider: str, key: str, hint: str) -> None:
    result = run("keys", "set", provider, input=key)
    assert result.exit_code == 0
    assert hint in result.stderr
    assert bool(hint) is bool(result.stderr)
    assert key not in result.stderr


def test_at_another_address_any_key_is_usual(run: Any) -> None:
    assert run("keys", "set", "openai", "--base-url", "https://mine.example", input="foo-0123456789").stderr == ""


def test_keys_are_added_behind_those_that_are_stored(run: Any, entries: Path) -> None:
    other, third = "gsk_other-0123456789wxyz", "gsk_third-0123456789ijkl"
    run("keys", "set", "groq", input=KEY)
    assert run("keys", "set", "groq", "--add", input=other).exit_code == 0
    assert run("keys", "set", "groq", "--add", input=other).exit_code == 0
    assert run("keys", "set", "groq", "--add", input=third).exit_code == 0
    listed = run("keys", "list")
    assert [line.split()[-1] for line in listed.stdout.splitlines()[1:]] == ["cdef", "wxyz", "ijkl"]
    (status,) = json.loads(run("keys", "list", "--json").stdout)["credentials"]
    assert [key["last4"] for key in status["moreKeys"]] == ["wxyz", "ijkl"]
    assert other not in listed.output
    # Without --add all of them are replaced.
    run("keys", "set", "groq", input=other)
    assert [line.split()[-1] for line in run("keys", "list").stdout.splitlines()[1:]] == ["wxyz"]


def test_the_first_key_may_be_added(run: Any) -> None:
    assert run("keys", "set", "groq", "--add", input=KEY).exit_code == 0
    assert run("keys", "list").stdout.splitlines()[1].split()[-1] == "cdef"


def test_a_key_for_another_address_is_not_added(run: Any) -> None:
    run("keys", "set", "groq", "--base-url", "https://one.example/v1", input=KEY)
    result = run(
        "keys", "set", "groq", "--add", "--base-url", "https://two.example/v1", input="gsk_other-0123456789wxyz"
    )
    assert result.exit_code == 2
    assert "another address" in result.stderr


def test_keys_are_tested_with_the_provider_and_the_exit_code_says_whether_all_are_good(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def behave(request: Received) -> Answer:
        if request.headers["authorization"].endswith("good"):
            return Answer(headers={"content-type": "application/json"}, chunks=[b'{"data": [{"id": "m"}]}'])
        return refused(401, {"error": {"message": f"bad key {request.headers['authorization']}"}})

    with LocalServer(behave) as server:
        monkeypatch.setenv("MODELPORT_CONFIG_DIR", str(tmp_path))
        (tmp_path / "config.toml").write_text(f'[providers.acme]\nbase_url = "{server.url}/v1"\n')
        assert run("keys", "test").exit_code == 1
        run("keys", "set", "acme", input="key-0123456789-good")
        good = run("keys", "test", "acme")
        assert good.exit_code == 0
        assert good.stdout.splitlines()[1].split()[:5] == ["acme", "keyring", "modelport/acme", "good", "ok,"]
        run("keys", "set", "acme", "--name", "work", input=KEY)
        both = run("keys", "test")
        assert both.exit_code == 1
        assert "acme for work" in both.stdout.splitlines()[2]
        assert "auth_rejected: " in both.stdout
        assert KEY not in both.output
        results = json.loads(run("keys", "test", "acme", "--name", "work", "--json").stdout)["results"]
        assert [(one["name"], one["ok"], one["error"]["kind"]) for one in results] == [("work", False, "auth_rejected")]
        # It is refused for all programs of the user, until it is taken again.
        assert "refused until" in run("keys", "list").stdout
        paths = {request.path for request in server.requests}
        assert paths == {"/v1/models"}, "the cheapest request that needs a key"


# A file in place of the keyring.


def test_a_key_goes_into_a_file_on_request(run: Any, entries: Path) -> None:
    result = run("keys", "set", "groq", "--file", input=KEY)
    assert result.exit_code == 0
    assert "private/credentials.json" in result.stdout.replace("\n", "")
    assert not entries.exists()
    (status,) = json.loads(run("keys", "list", "--json").stdout)["credentials"]
    assert (status["source"], status["last4"]) == ("file", "cdef")
    assert run("keys", "delete", "groq").exit_code == 0
    assert run("keys", "list").exit_code == 1


def test_a_passphrase_is_typed_twice_and_only_for_a_file(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run("keys", "set", "groq", "--passphrase", input=KEY)
    assert (result.exit_code, "--file" in result.stderr) == (2, True)
    result = run("keys", "set", "groq", "--file", "--passphrase", input=KEY)
    assert result.exit_code == 2
    assert "MODELPORT_PASSPHRASE" in " ".join(result.stderr.split())
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    result = run("keys", "set", "groq", "--file", "--passphrase", input=f"{KEY}\none\ntwo\n")
    assert result.exit_code == 2
    assert "not the same passphrase" in " ".join(result.stderr.split())
    assert run("keys", "list").exit_code == 1
    result = run("keys", "set", "groq", "--file", "--passphrase", input=f"{KEY}\nwords\nwords\n")
    assert result.exit_code == 0, result.output
    assert "words" not in result.output
    (status,) = json.loads(run("keys", "list", "--json").stdout)["credentials"]
    assert (status["source"], status.get("last4")) == ("file", None)
    monkeypatch.setenv("MODELPORT_PASSPHRASE", "words")
    (status,) = json.loads(run("keys", "list", "--json").stdout)["credentials"]
    assert (status["source"], status["last4"]) == ("file", "cdef")
