"""What we take for the public registry of agents, beside what its official schemas take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from modelport.adapters.agents.registry.schema import Unfit, read_registry
from support.agent_registry import TARGET, entry, registry

SCHEMAS = Path(__file__).parents[1] / "support" / "acp"
PACKAGE = {"package": "agent@1.0.0"}


@pytest.fixture(scope="module")
def official() -> jsonschema.Draft7Validator:
    whole, agent = (json.loads((SCHEMAS / f"{name}.schema.json").read_text()) for name in ("registry", "agent"))
    known = Registry().with_resource(agent["$id"], Resource.from_contents(agent))
    return jsonschema.Draft7Validator(whole, registry=known)


def ours(document: Any) -> bool:
    try:
        read_registry(json.dumps(document).encode())
    except Unfit:
        return False
    return True


def ways(**distribution: Any) -> dict[str, Any]:
    return registry(entry(distribution=distribution))


GOOD: dict[str, Any] = {
    "no agents at all": registry(),
    "one": registry(entry()),
    "several": registry(entry(), entry(id="b-2"), entry(id="b-2")),
    "only what must be": registry(
        {"id": "a", "name": "A", "version": "0.0.1", "description": "d", "distribution": {"uvx": PACKAGE}}
    ),
    "an extension": registry(extensions=[entry()]),
    "a version with more": registry(entry(version="1.2.3-beta.1+x"), version="2.0.0-draft"),
    "npx and uvx": ways(npx=PACKAGE, uvx=PACKAGE),
    "two platforms": ways(binary={"linux-x86_64": TARGET, "windows-aarch64": TARGET}),
    "a target without arguments": ways(binary={"darwin-aarch64": {"archive": "x", "cmd": ""}}),
    "no arguments": ways(npx={"package": "a", "args": [], "env": {}}),
    "an address that is none": registry(entry(repository="not an address")),
    "empty texts": registry(entry(repository="", license="", icon="", authors=[])),
}
BAD: dict[str, Any] = {
    "a list": [registry()],
    "a text": "registry",
    "null": None,
    "no version": registry(version=None),
    "a version of two numbers": registry(version="1.0"),
    "a version with a letter in front": registry(version="v1.0.0"),
    "a number for a version": registry(version=1),
    "no agents": registry(agents=None),
    "agents by name": registry(agents={"acme": entry()}),
    "an agent that is a text": registry("acme"),
    "extensions by name": registry(extensions={}),
    "an extension without an id": registry(extensions=[entry(id=None)]),
    "an extension that cannot be installed": registry(extensions=[entry(distribution={})]),
    **{f"no {name}": registry(entry(**{name: None})) for name in ("id", "name", "version", "description", "distribution")},
    **{f"{name} is a number": registry(entry(**{name: 1})) for name in entry()},
    **{f"{name} is empty": registry(entry(**{name: ""})) for name in ("id", "name", "version", "description")},
    "an id in capitals": registry(entry(id="Acme")),
    "an id that begins with a digit": registry(entry(id="1acme")),
    "an id with a slash": registry(entry(id="a/../b")),
    "an author that is an object": registry(entry(authors=[{"name": "A"}])),
    "null where a text may be": registry({**entry(), "repository": None}),
    "no way to install": ways(),
    "a way that is null": ways(npx=None),
    "a way that is a text": ways(npx="acme"),
    "a package without a name": ways(npx={}),
    "an empty package": ways(uvx={"package": ""}),
    "a package that is a number": ways(uvx={"package": 1}),
    "arguments in one text": ways(npx={**PACKAGE, "args": "--acp"}),
    "an argument that is a number": ways(npx={**PACKAGE, "args": ["--port", 1]}),
    "arguments that are null": ways(npx={**PACKAGE, "args": None}),
    "variables in a list": ways(npx={**PACKAGE, "env": ["A=1"]}),
    "a variable that is a number": ways(npx={**PACKAGE, "env": {"A": 1}}),
    "no platform": ways(binary={}),
    "a platform that is a text": ways(binary={"linux-x86_64": "x"}),
    "a target without an archive": ways(binary={"linux-x86_64": {"cmd": "./a"}}),
    "a target without a command": ways(binary={"linux-x86_64": {"archive": "x"}}),
    "a target with a number": ways(binary={"linux-x86_64": {**TARGET, "cmd": 1}}),
    "one bad target of two": ways(binary={"linux-x86_64": TARGET, "linux-aarch64": {**TARGET, "args": "x"}}),
    "a good way and a bad one": ways(npx=PACKAGE, uvx={}),
}  # fmt: skip
LATER: dict[str, Any] = {
    "a field of the document": registry(entry(), generated="2026-11-20"),
    "no extensions any more": registry(entry(), extensions=None),
    "a way to install": ways(npx=PACKAGE, docker={"image": "x"}),
    "only a new way to install": ways(docker={"image": "x"}),
    "a field of a package": ways(npx={**PACKAGE, "cmd": "agent"}),
    "a field of a target": ways(binary={"linux-x86_64": {**TARGET, "sha256": "a" * 64}}),
    "a platform": ways(binary={"linux-riscv64": TARGET}),
}
"""What the schemas of February 2026 refuse and we take: what they already have later, and what they may have."""
STRICTER: dict[str, Any] = {
    "a page's address that is a number": registry(entry(website=1)),
    "a licence's address that is a number": registry(entry(license_url=1)),
    "an id with a line break at its end": registry(entry(id="acme\n")),
}
"""What the schemas of February 2026 take and we refuse: fields that they have got since, and what ``$`` means in the
regular expressions of ECMAScript, which JSON Schema uses, but not in Python's."""


@pytest.mark.parametrize("name", GOOD)
def test_both_take_it(official: jsonschema.Draft7Validator, name: str) -> None:
    assert official.is_valid(GOOD[name])
    assert ours(GOOD[name])


@pytest.mark.parametrize("name", BAD)
def test_both_refuse_it(official: jsonschema.Draft7Validator, name: str) -> None:
    assert not official.is_valid(BAD[name])
    assert not ours(BAD[name])


@pytest.mark.parametrize("name", LATER)
def test_what_later_versions_add_is_taken_by_us_alone(official: jsonschema.Draft7Validator, name: str) -> None:
    document = LATER[name]
    assert ours(document)
    assert not official.is_valid(document)


@pytest.mark.parametrize("name", STRICTER)
def test_where_we_are_stricter(official: jsonschema.Draft7Validator, name: str) -> None:
    assert official.is_valid(STRICTER[name])
    assert not ours(STRICTER[name])


@pytest.mark.parametrize("sum_of", ["a" * 63, "g" * 64, "a" * 65, 1, None])
def test_a_checksum_that_is_none(sum_of: object) -> None:
    assert not ours(ways(binary={"linux-x86_64": {**TARGET, "sha256": sum_of}}))
