"""What ``import modelport`` offers, when it is loaded, and what a type checker sees of it."""

from __future__ import annotations

import inspect
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import modelport
from modelport.frontends.python import public
from modelport.frontends.python.client import Client
from modelport.frontends.python.sync import SyncClient

ROOT = Path(__file__).resolve().parents[4]
PYRIGHT = ROOT / "node_modules" / "pyright" / "index.js"
PROGRAM = """
import modelport

async def typed(client: modelport.Client, sync: modelport.SyncClient) -> None:
    reveal_type(await client.complete("hi", model="mock/mock", temperature=0.5))
    reveal_type(await client.providers())
    async with client.stream("hi") as stream:
        reveal_type(stream)
        async for update in stream:
            reveal_type(update)
    reveal_type(await client.discover())
    reveal_type(sync.complete("hi"))
    reveal_type(sync.usage_snapshot())
    for delta in sync.stream([{"role": "user", "content": "hi"}]).texts():
        reveal_type(delta)
    for server in sync.discover(ports=[1]):
        reveal_type(server)
    for step in sync.pull_model("ollama", "tiny"):
        reveal_type(step.percentage)
    await client.complete(3)
    sync.complete(prompt="hi", model=3)
    client.stream("hi").__aiter__()
"""
REVEALED = [
    "Completion",
    "tuple[Provider, ...]",
    "Stream",
    "TextUpdate | ReasoningUpdate | ToolCallUpdate | AttemptUpdate | ResetUpdate",
    "tuple[LocalServer, ...]",
    "Completion",
    "UsageTotals",
    "str",
    "LocalServer",
    "int | None",
]


def calls(kind: type) -> dict[str, inspect.Signature]:
    found = inspect.getmembers(kind, inspect.isfunction)
    return {name: inspect.signature(call) for name, call in found if not name.startswith("_")}


def test_every_name_is_there() -> None:
    assert modelport.__all__ == public.__all__ == sorted(public.__all__)
    assert {name: getattr(modelport, name) for name in modelport.__all__} == {
        name: getattr(public, name) for name in public.__all__
    }
    assert set(modelport.__all__) <= set(dir(modelport))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        modelport.nothing  # noqa: B018


def test_the_twin_has_the_same_calls() -> None:
    mine, twins = calls(Client), calls(SyncClient)
    assert mine.pop("aclose").parameters == twins.pop("close").parameters
    assert mine.keys() == twins.keys()
    assert {name: call.parameters.keys() for name, call in mine.items()} == {
        name: call.parameters.keys() for name, call in twins.items()
    }
    assert inspect.signature(Client) == inspect.signature(SyncClient)


def test_every_call_says_what_it_does() -> None:
    assert not [name for kind in (Client, SyncClient) for name in calls(kind) if not getattr(kind, name).__doc__]


def test_nothing_is_loaded_before_it_is_used() -> None:
    code = (
        "import sys, json, modelport\n"
        "names = [sorted(sys.modules)]\n"
        "modelport.SyncClient(); modelport.Client()\n"
        "names.append(sorted(sys.modules))\n"
        "print(json.dumps(names))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    imported, made = json.loads(done.stdout)
    assert [name for name in imported if name.startswith("modelport")] == ["modelport"]
    assert "anyio" not in imported
    assert "modelport.frontends.python.client" in made
    assert not {
        "modelport.app.core",
        "modelport.app.session",
        "modelport.engine.completions.create",
        "sqlite3",
        "httpx2",
        "keyring",
    } & set(made)


def test_the_package_says_that_it_is_typed() -> None:
    assert (Path(modelport.__file__).parent / "py.typed").is_file()


@pytest.mark.timeout(120)
@pytest.mark.skipif(not PYRIGHT.is_file() or not shutil.which("node"), reason="pyright is not installed: npm ci")
def test_what_a_strict_type_checker_sees(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    settings = {"typeCheckingMode": "strict", "pythonVersion": "3.11", "extraPaths": [str(ROOT / "server")]}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    done = subprocess.run(
        ["node", PYRIGHT, "--outputjson", "-p", tmp_path, "--pythonpath", sys.executable],
        capture_output=True,
        check=False,
        cwd=tmp_path,
    )
    diagnostics = json.loads(done.stdout)["generalDiagnostics"]
    revealed = [
        one["message"].partition(" is ")[2].strip('"') for one in diagnostics if one["severity"] == "information"
    ]
    errors = [one for one in diagnostics if one["severity"] == "error" and "Unknown" not in one["rule"]]
    wrong = [(one["range"]["start"]["line"], one["rule"]) for one in errors]
    lines = PROGRAM.splitlines()
    assert revealed == REVEALED
    assert [(lines[line].strip(), rule) for line, rule in wrong] == [
        ("await client.complete(3)", "reportArgumentType"),
        ('sync.complete(prompt="hi", model=3)', "reportArgumentType"),
        ('client.stream("hi").__aiter__()', "reportAttributeAccessIssue"),
    ]
