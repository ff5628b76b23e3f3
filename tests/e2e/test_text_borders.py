"""Text that is not UTF-8, at each border of the process: the rule of the border, and never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from modelport.borders import BORDERS
from support.forked import Commands
from support.server_process import ServerProcess

LATIN_1 = "café".encode("latin-1")
PACKAGE = Path(__file__).parents[2] / "server" / "modelport"
MODELPORT = (sys.executable, "-m", "modelport")
CHAT = (*MODELPORT, "chat", "-m", "mock/mock", "--no-log")
ACP_DISCOVER = (sys.executable, "-c", "from modelport.__main__ import acp_discover; acp_discover()")
posix = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names of files are text on these systems")


pytestmark = pytest.mark.usefixtures("commands")


def run(
    *command: str | bytes,
    stdin: bytes = b"",
    env: dict[str, Any] | None = None,
    cwd: Any = None,
    fresh: bool = False,
) -> subprocess.CompletedProcess[bytes]:
    environment: dict[Any, Any] = {**os.environ, **(env or {})}
    given = [*command, *environment, *environment.values()]
    # An interpreter of its own decides what bytes become; ``decoded`` says what that is for those that follow.
    as_text = all(isinstance(text, str) for text in given)
    if Commands.current and command[:3] == MODELPORT and as_text and not fresh:
        done = Commands.current.run([str(part) for part in command[3:]], stdin=stdin, env=environment, cwd=cwd)
    else:
        done = subprocess.run(
            command, input=stdin, capture_output=True, timeout=60, check=False, env=environment, cwd=cwd
        )
    assert b"Traceback" not in done.stderr
    assert b"This is a bug" not in done.stderr
    return done


def decoded(text: Any) -> str:
    """Bytes as Python has them, in arguments and in the environment; a process is given the same bytes again."""
    return os.fsdecode(text)


def test_each_border_names_the_module_that_keeps_its_rule() -> None:
    assert len({border.name for border in BORDERS}) == len(BORDERS)
    assert [border.module for border in BORDERS if not (PACKAGE / border.module).is_file()] == []
    assert [border.rule for border in BORDERS if not border.rule.endswith(".")] == []


def test_json_is_made_in_one_place() -> None:
    makers = ("json.encode(", "json.encode,", "json.Encoder(")
    modules = [path for path in PACKAGE.rglob("*.py") if any(maker in path.read_text("utf-8") for maker in makers)]
    assert modules == [PACKAGE / "borders.py"]


# Standard input and files.


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("héllo 🦊".encode(), "héllo 🦊"),
        ("héllo 🦊".encode("utf-8-sig"), "héllo 🦊"),
        ("héllo 🦊".encode("utf-16"), "héllo 🦊"),
        (b"\xfe\xff" + "héllo 🦊".encode("utf-16-be"), "héllo 🦊"),
        (LATIN_1, None),
        (bytes(range(256)), None),
        (b"\xff\xfe\x00", None),
        (b"caf\xc3", None),
    ],
)
@pytest.mark.parametrize("way", ["input", "attachment", "attached input"])
def test_text_given_to_chat(tmp_path: Path, way: str, content: bytes, said: str | None) -> None:
    (tmp_path / "given").write_bytes(content)
    more = {"input": (), "attachment": ("-a", "given", "what?"), "attached input": ("-a", "text=-", "what?")}[way]
    done = run(*CHAT, *more, stdin=content if "input" in way else b"", cwd=tmp_path, env={"PYTHONIOENCODING": "utf-8"})
    if said is None:
        assert done.returncode == 2
        assert b"UTF-8" in done.stderr
        assert done.stdout == b""
    else:
        assert done.returncode == 0, done.stderr
        assert way != "input" or said in done.stdout.decode()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"# caf\xe9\n", 2),
        ("# café\n".encode("utf-8-sig"), 0),
        ("# café\n".encode("utf-16"), 2),
        (bytes(range(256)), 2),
        (b"\xef\xbb\xbf", 0),
    ],
)
def test_a_configuration_in_another_encoding(content: bytes, code: int) -> None:
    Path(os.environ["MODELPORT_CONFIG_DIR"], "config.toml").write_bytes(content)
    done = run(*MODELPORT, "config", "check")
    assert done.returncode == code
    assert run(*CHAT, "hi").returncode == 0
    with ServerProcess() as server:
        server.initialize()
        assert server.alive()
        server.claim("window/logMessage")
        assert server.close() == 0


@pytest.mark.parametrize("option", ["--json-schema", "-t"])
def test_other_files_of_chat_in_another_encoding(tmp_path: Path, option: str) -> None:
    templates = Path(os.environ["MODELPORT_CONFIG_DIR"], "templates")
    templates.mkdir()
    for file in (tmp_path / "given", templates / "given.toml"):
        file.write_bytes(b'{"type": "caf\xe9"}')
    done = run(*CHAT, option, "given", "hi", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr


# The terminal.


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp1252:strict", "latin-1", "cp437"])
def test_an_emoji_to_an_encoding_without_it(encoding: str) -> None:
    env = {"PYTHONIOENCODING": encoding}
    done = run(*CHAT, "fox 🦊", env=env)
    assert done.returncode == 0, done.stderr
    # click takes ASCII for a mistake, and writes UTF-8.
    assert (b"fox ?" if encoding != "ascii" else "fox 🦊".encode()) in done.stdout
    as_json = run(*CHAT, "--json", "fox 🦊", env=env)
    assert json.loads(as_json.stdout.decode("ascii"))["text"] == "You said: fox 🦊"


@pytest.mark.parametrize("locale", ["C", "POSIX", "de_DE.ISO-8859-1", "made-up"])
@pytest.mark.parametrize("coerced", ["0", "1"])
def test_an_emoji_in_another_locale(locale: str, coerced: str) -> None:
    env = {"LC_ALL": locale, "PYTHONUTF8": coerced, "PYTHONCOERCECLOCALE": coerced}
    done = run(*CHAT, "--json", "fox 🦊", env=env)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["text"] == "You said: fox 🦊"
    for command in (("providers",), ("doctor",), ("models", "--provider", "mock"), ("--help",)):
        assert run(*MODELPORT, *command, env=env).returncode == 0


# Arguments.


@posix
def test_arguments_that_are_not_utf_8(tmp_path: Path) -> None:
    done = run(*CHAT, b"hi " + LATIN_1)
    assert done.returncode == 0
    assert "hi caf\ufffd" in done.stdout.decode()
    for more in (
        ("-m", LATIN_1),
        ("--provider", LATIN_1),
        ("--api-base", b"http://" + LATIN_1),
        ("-s", LATIN_1),
        ("-o", "user", LATIN_1),
    ):
        assert run(*CHAT, *map(decoded, more), "hi").returncode in (0, 1, 2)
    for command in (("pull", LATIN_1), ("models", LATIN_1), ("logs", LATIN_1), ("keys", "delete", LATIN_1), (LATIN_1,)):
        assert run(*MODELPORT, *map(decoded, command)).returncode in (1, 2)
    assert run(*ACP_DISCOVER, LATIN_1).returncode == 2
    name = os.fsencode(tmp_path) + b"/" + LATIN_1
    Path(os.fsdecode(name)).write_text("inside")
    assert run(*CHAT, "-a", name, "what?").returncode == 0


# The environment, and names of folders and files.


@posix
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENAI_BASE_URL", b"http://127.0.0.1:9/" + LATIN_1),
        ("OPENAI_BASE_URL", b"http://" + LATIN_1),
        ("OPENAI_API_KEY", b"sk-" + LATIN_1 * 5),
        ("HTTPS_PROXY", b"http://" + LATIN_1 + b":9"),
        ("SSL_CERT_FILE", b"/" + LATIN_1),
        ("NO_PROXY", LATIN_1),
        ("MODELPORT_LOG", LATIN_1),
        ("HOME", b"/tmp/" + LATIN_1),
        (b"CAF\xe9", LATIN_1),
    ],
)
def test_a_variable_that_is_not_utf_8(name: Any, value: bytes) -> None:
    env: dict[Any, Any] = {
        "OPENAI_API_KEY": "sk-0123456789abcdefghij",
        "OPENAI_BASE_URL": "http://127.0.0.1:9",
        name: value,
    }
    done = run(*MODELPORT, "chat", "-m", "openai/gpt-4o", "--no-log", "hi", env=env)
    assert done.returncode in (1, 2)
    assert len(done.stderr.decode().splitlines()) == 1, done.stderr
    env = {decoded(name): decoded(value) for name, value in env.items()}
    for command in (("doctor", "--json"), ("providers", "--json"), ("keys", "list", "--json")):
        json.loads(run(*MODELPORT, *command, env=env).stdout.decode())
    with ServerProcess(env=env) as server:
        server.initialize()
        for method in ("provider/status", "provider/list", "diagnostics/run", "credential/list"):
            assert "result" in server.request(method, {})
        error = server.error("completion/create", {"model": "openai/gpt-4o", "prompt": "hi"})
        assert error["code"] in (-32602, -32803)
        assert server.close() == 0


@posix
def test_folders_that_are_not_utf_8(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + LATIN_1))
    for name in ("data", "config", "models", "path"):
        (folder / name).mkdir(parents=True)
    (folder / "models" / os.fsdecode(LATIN_1 + b".gguf")).write_bytes(b"GGUF")
    program = folder / "path" / os.fsdecode(LATIN_1)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (folder / "path" / "codex").symlink_to(program)
    env = {
        "MODELPORT_DATA_DIR": str(folder / "data"),
        "MODELPORT_CONFIG_DIR": str(folder / "config"),
        "PATH": f"{folder / 'path'}:/usr/bin:/bin",
    }
    (folder / "config" / "config.toml").write_text('[local_models]\nfolder = "../models"\n')
    assert run(*MODELPORT, "chat", "-m", "mock/mock", "hi", env=env, cwd=folder, fresh=True).returncode == 0
    usage = json.loads(run(*MODELPORT, "usage", "--json", env=env, cwd=folder).stdout.decode())
    assert "1" in json.dumps(usage)
    for command in (
        ("doctor", "--json"),
        ("models", "--json"),
        ("logs", "--json"),
        ("config", "path"),
        ("config", "check"),
    ):
        run(*MODELPORT, *command, env=env, cwd=folder).stdout.decode()
    found = run(*ACP_DISCOVER, "--json", "--all", env=env, cwd=folder)
    assert json.loads(found.stdout.decode())["agents"]
    run(*ACP_DISCOVER, env=env, cwd=folder).stdout.decode()
    with ServerProcess(env=env) as server:
        server.initialize(rootPath=str(folder))
        assert server.result("completion/create", {"model": "mock/mock", "prompt": "hi"})["text"]
        projects = [call["project"] for call in server.result("usage/history", {})["calls"]]
        assert projects == ["caf\ufffd", "caf\ufffd"]
        for method in ("diagnostics/run", "model/list", "agent/discover"):
            assert "result" in server.request(method, {})
        server.claim("window/logMessage")
        assert server.close() == 0
