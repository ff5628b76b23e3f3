"""What is read of a registry, and what is said of one that does not fit."""

from __future__ import annotations

import json
import platform
from typing import Any

import pytest

from modelport.adapters.agents.registry.schema import Unfit, package_name, read_registry
from support.agent_registry import TARGET, entry, registry


def read(*entries: Any, **changes: Any) -> Any:
    return read_registry(json.dumps(registry(*entries, **changes)).encode())


def test_what_concerns_this_machine_is_kept() -> None:
    (acme,) = read(entry())
    assert (acme.id, acme.name, acme.version) == ("acme", "Acme Agent", "1.2.3")
    assert (acme.package, acme.args, acme.env) == ("npm:@acme/agent", ("--acp",), {"ACME_QUIET": "1"})


def test_npx_comes_before_uvx_and_both_before_an_archive() -> None:
    archive = {f"{system}-{machine}": TARGET for system in ("linux", "darwin", "windows") for machine in ("x86_64", "aarch64")}  # fmt: skip
    npx, uvx = {"package": "a@1", "args": ["n"]}, {"package": "b@1", "args": ["u"]}
    three, two, one = read(
        entry(id="three", distribution={"binary": archive, "uvx": uvx, "npx": npx}),
        entry(id="two", distribution={"binary": archive, "uvx": uvx}),
        entry(id="one", distribution={"binary": archive}),
    )
    assert (three.package, three.args) == ("npm:a", ("n",))
    assert (two.package, two.args) == ("pypi:b", ("u",))
    assert (one.package, one.args) == (None, ("serve",))


@pytest.mark.parametrize(
    ("system", "machine", "args"),
    [
        ("Linux", "x86_64", ("lx",)),
        ("Darwin", "arm64", ("da",)),
        ("Windows", "AMD64", ("wx",)),
        ("Linux", "aarch64", ()),
        ("FreeBSD", "amd64", ()),
    ],
)
def test_only_the_archive_of_this_platform_counts(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str, args: tuple[str, ...]
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    targets = {"linux-x86_64": "lx", "darwin-aarch64": "da", "windows-x86_64": "wx"}
    (one,) = read(entry(distribution={"binary": {name: {**TARGET, "args": [arg]} for name, arg in targets.items()}}))
    assert one.args == args


@pytest.mark.parametrize(
    ("ecosystem", "line", "package"),
    [
        ("npm", "agent", "npm:agent"),
        ("npm", "agent@1.0.0", "npm:agent"),
        ("npm", "agent@latest", "npm:agent"),
        ("npm", "@scope/agent@1.0.0-beta.1", "npm:@scope/agent"),
        ("npm", "@scope/agent", "npm:@scope/agent"),
        ("npm", "@scope", None),
        ("npm", "https://host.example/agent.tgz", None),
        ("npm", "github:acme/agent", None),
        ("npm", "agent; rm x", None),
        ("npm", "agent\x1b[2J", None),
        ("npm", "--yes", None),
        ("pypi", "agent", "pypi:agent"),
        ("pypi", "agent@1.0.0", "pypi:agent"),
        ("pypi", "agent==1.0.0", "pypi:agent"),
        ("pypi", "agent[acp]==1.0.0", "pypi:agent"),
        ("pypi", "agent.sub-name>=1,<2", "pypi:agent.sub-name"),
        ("pypi", "agent ~= 1.0", "pypi:agent"),
        ("pypi", "git+https://host.example/agent", None),
        ("pypi", "./agent", None),
        ("pypi", "agent && x", None),
    ],
)
def test_the_package_of_a_line(ecosystem: str, line: str, package: str | None) -> None:
    assert package_name(ecosystem, line) == package


def test_an_id_counts_once() -> None:
    first, other = read(entry(name="First"), entry(id="other"), entry(name="Second"))
    assert (first.name, other.id) == ("First", "other")


def test_nothing_that_moves_a_cursor_is_kept() -> None:
    shown, started = read(
        entry(name="A\x1b[2J\nB\u202e", version="1.2.3 \x07x"),
        entry(id="b", distribution={"npx": {"package": "b", "args": ["--acp\x1b[2J"]}}),
    )
    assert (shown.name, shown.version) == ("A [2J B", "1.2.3 x")
    assert started.args == ()


@pytest.mark.parametrize(
    ("document", "where"),
    [
        (registry(entry(), entry(), entry(), entry(distribution={})), "agents[3].distribution: it names no distribution"),
        (registry(entry(), entry(distribution={"npx": {}})), "agents[1].distribution.npx: object missing required field package"),
        (registry(entry(name=1)), "agents[0].name: expected str, got int"),
        (registry(extensions=[entry(id="A")]), "extensions[0].id: expected str matching"),
        (registry(version=None), "object missing required field version"),
        ([], "expected object, got array"),
    ],
)  # fmt: skip
def test_the_place_of_a_mistake_is_named(document: Any, where: str) -> None:
    with pytest.raises(Unfit) as caught:
        read_registry(json.dumps(document).encode())
    assert str(caught.value).startswith(where)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"version": "1.0.0"', b"\xff", b"[" * 100_000])
def test_what_is_not_json(body: bytes) -> None:
    with pytest.raises(Unfit, match="it is not JSON"):
        read_registry(body)
