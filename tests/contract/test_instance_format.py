"""The format in which instances announce themselves: its page, its schema, what we write and what we read agree."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from modelport.adapters.agents.instances.file import decode
from modelport.adapters.agents.instances.names import file_name
from modelport.app.announcing import announce

PROTOCOL = Path(__file__).parents[2] / "protocol"
PAGE = (PROTOCOL / "instances.md").read_text(encoding="utf-8")
(EXAMPLE,) = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft202012Validator:
    content = json.loads((PROTOCOL / "instance.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(content)
    return jsonschema.Draft202012Validator(content)


def changed(**fields: Any) -> dict[str, Any]:
    """The example with other fields; one that is None is left out."""
    return {name: value for name, value in {**EXAMPLE, **fields}.items() if value is not None}


def ours(document: Any) -> bool:
    name, pid = (document.get("name"), document.get("pid")) if isinstance(document, dict) else ("", 0)
    return decode(json.dumps(document).encode(), file_name(name, pid)) is not None


GOOD = {
    "the example": EXAMPLE,
    "only what must be": {
        "formatVersion": 1, "pid": 1, "startedAt": "2026-11-20T14:02:11.5+01:00", "name": "a", "protocol": "x",
        "transport": "stdio",
    },
    "a listener": changed(transport="http", url="http://127.0.0.1:4170/acp"),
    "raw tcp": changed(transport="tcp", url="tcp://[::1]:9000"),
    "a number for a version": changed(protocolVersion=1),
    "the longest name": changed(name="a" * 64),
    "a name with all it may have": changed(name="qwen-code_2.x"),
    "a host without a number": changed(host={"name": "Zed"}),
    "a host without a name": changed(host={"pid": 7}),
    "no capabilities": changed(capabilities=[]),
    "an unknown field": changed(acme_colour={"a": [1]}),
}  # fmt: skip
BAD = {
    "a list": [EXAMPLE],
    **{f"no {name}": changed(**{name: None}) for name in ("formatVersion", "pid", "startedAt", "name", "protocol", "transport")},
    **{f"{name} is an object": changed(**{name: {}}) for name in EXAMPLE if name != "host"},
    "another format": changed(formatVersion=2),
    "a process by name": changed(pid="40213"),
    "process 0": changed(pid=0),
    "a process below 0": changed(pid=-1),
    "a process beyond all": changed(pid=2**31),
    "half a process": changed(pid=1.5),
    "a time without an offset": changed(startedAt="2026-11-20T14:02:11"),
    "a day": changed(startedAt="2026-11-20"),
    "seconds since 1970": changed(startedAt=1_795_000_000),
    "no name": changed(name=""),
    "a name in capitals": changed(name="Zed"),
    "a name that leads elsewhere": changed(name="../x"),
    "a name with a blank": changed(name="a b"),
    "a name that ends in a hyphen": changed(name="a-"),
    "a name that begins with a point": changed(name=".a"),
    "a name that is too long": changed(name="a" * 65),
    "no protocol": changed(protocol=""),
    "a host that is a text": changed(host="Zed"),
    "a host with a number for a name": changed(host={"name": 1}),
    "a host that is process 0": changed(host={"pid": 0}),
    "one capability": changed(capabilities="completion"),
    "a capability that is a number": changed(capabilities=[1]),
}  # fmt: skip
MERCIFUL = {
    "a transport to come": changed(transport="pipe"),
    "a listener that does not say where": changed(transport="tcp"),
    "an address elsewhere": changed(url="http://host.example/"),
    "an address with a key": changed(url="http://127.0.0.1:1/?token=x"),
    "a line break": changed(displayName="a\nb"),
    "a long name to show": changed(displayName="a" * 101),
    "a host without anything": changed(host={}),
    "null for a field that may be missing": {**EXAMPLE, "url": None},
}
"""What a writer must not write and a reader makes the best of: it cuts, cleans and leaves out."""


@pytest.mark.parametrize("name", GOOD)
def test_what_may_be_written_is_read(schema: jsonschema.Draft202012Validator, name: str) -> None:
    schema.validate(GOOD[name])
    assert ours(GOOD[name])


@pytest.mark.parametrize("name", BAD)
def test_what_must_not_be_written_is_not_read(schema: jsonschema.Draft202012Validator, name: str) -> None:
    assert not schema.is_valid(BAD[name])
    assert not ours(BAD[name])


@pytest.mark.parametrize("name", MERCIFUL)
def test_where_a_reader_is_more_patient(schema: jsonschema.Draft202012Validator, name: str) -> None:
    assert not schema.is_valid(MERCIFUL[name])
    assert ours(MERCIFUL[name])


@pytest.mark.parametrize("url", ["http://127.evil.example", "http://localhost.example", "http://u@127.0.0.1", "file:///x", "http://127.0.0.1:1#x", "http://10.0.0.1"])  # fmt: skip
def test_an_address_elsewhere_is_none(schema: jsonschema.Draft202012Validator, url: str) -> None:
    assert not schema.is_valid(changed(url=url))


@pytest.mark.parametrize(
    ("host", "pid", "expected"),
    [
        ("Zed", 7, {"name": "Zed", "pid": 7}),
        (None, 7, {"pid": 7}),
        ("Zed", None, {"name": "Zed"}),
        (None, None, None),
        ("", -1, None),
        ("\x1b[2J\n", 2**31, {"name": "[2J"}),
        ("x" * 500, 1, {"name": "x" * 100, "pid": 1}),
    ],
)
def test_what_we_write_fits(
    schema: jsonschema.Draft202012Validator, host: str | None, pid: int | None, expected: dict[str, Any] | None
) -> None:
    take_back = announce(host, pid, ("completion", "model"))
    folder = Path(os.environ["XDG_RUNTIME_DIR"]) / "acp-agents"
    (path,) = folder.iterdir()
    assert path.name == f"modelport-{os.getpid()}.json"
    said = json.loads(path.read_bytes())
    schema.validate(said)
    assert ours(said)
    assert said.get("host") == expected
    take_back()
    assert list(folder.iterdir()) == []


def test_the_page_names_every_field(schema: jsonschema.Draft202012Validator) -> None:
    fields = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    assert fields == set(schema.schema["properties"])
    must = set(re.findall(r"^\| `(\w+)` \| MUST \|", PAGE, re.MULTILINE))
    assert must == set(schema.schema["required"])
