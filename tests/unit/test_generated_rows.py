"""The script that writes the rows which the server reads, from the TOML files which people edit."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import tomllib
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from modelport.adapters.data.agent_servers import load_agent_servers
from modelport.adapters.data.agents import load_agents
from modelport.adapters.data.fingerprints import load_fingerprints
from modelport.adapters.data.providers import load_registry
from modelport.adapters.key_sources.table import load_sources

ROOT = Path(__file__).parents[2]
DATA = ROOT / "server" / "modelport" / "data"
ROW = """
[[provider]]
id = "acme"
display_name = "Acme"
adapter = "openai_compatible"
dialect = "openai_chat"
connection_type = "byok"
category = "Model Hosts"
auth = "bearer"
requires_api_key = true
checked = "2026-11-20"
source = "made up"
"""


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generated_rows", ROOT / "rows" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The sources in a folder of the test's own, with what is generated of them."""
    for path in (*DATA.glob("*.toml"), *DATA.glob("*.json")):
        shutil.copy(path, tmp_path)
    return tmp_path


def test_the_rows_that_are_read_are_those_of_their_sources(script: ModuleType) -> None:
    """Both read by their own way to the same values: each file must hold what its TOML holds."""
    source = {name: tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8")) for name in script.FILES}
    source["agent_servers"]["other_services"] = source["fingerprints"]["other_services"]
    wanted = {name: msgspec.convert(source[name], kind) for name, kind in script.FILES.items()}
    assert tuple(load_registry().all()) == wanted["providers"].provider
    assert load_agents() == wanted["agents"]
    assert load_fingerprints() == wanted["fingerprints"]
    assert load_agent_servers() == wanted["agent_servers"]
    assert load_sources() == wanted["key_sources"].source
    assert script.FILES.keys() == {path.stem for path in DATA.glob("*.toml")}
    for name in script.FILES:
        assert script.document(name) == (DATA / f"{name}.json").read_bytes(), f"{name}.json: run make generate"


def test_a_source_that_was_changed_alone_is_reported_and_written(
    script: ModuleType, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.main(["--check"], data) == 0
    source, target = data / "providers.toml", data / "providers.json"
    source.write_text(source.read_text(encoding="utf-8") + ROW, encoding="utf-8")
    before = target.read_bytes()
    capsys.readouterr()
    assert script.main(["--check"], data) == 1
    assert "data/providers.json is stale, providers.toml has changed: run make generate" in capsys.readouterr().out
    assert target.read_bytes() == before
    assert script.main([], data) == 0
    assert script.main(["--check"], data) == 0
    assert len(json.loads(target.read_bytes())["provider"]) == len(json.loads(before)["provider"]) + 1


def test_a_row_is_a_line_so_that_two_changes_meet_only_in_one_row(script: ModuleType) -> None:
    lines = script.document("providers").splitlines()
    rows = json.loads(b"".join(lines))["provider"]
    assert [json.loads(line.rstrip(b","))["id"] for line in lines[1:-1]] == [row["id"] for row in rows]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ROW + 'base_ur1 = "https://x"\n', "data/providers.toml, acme: .*base_ur1"),
        (ROW.replace("openai_chat", "smoke"), "acme: .*'smoke' - at `.*dialect`"),
        (ROW.replace("Model Hosts", "Hosted"), "acme: .*'Hosted' - at `.*category`"),
        (ROW.replace('id = "acme"\n', ""), "a row without an id: .*`id`"),
        (ROW + ROW.replace('"acme"', '"ACME"'), "called 'ACME'"),
        (ROW.replace('"acme"', "acme"), "data/providers.toml, .*line 3"),
    ],
)
def test_a_row_that_does_not_fit_is_named_and_nothing_is_written(
    script: ModuleType, data: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    before = (data / "providers.json").read_bytes()
    (data / "providers.toml").write_text(text, encoding="utf-8")
    assert script.main([], data) == 1
    assert re.search(message, capsys.readouterr().out)
    assert (data / "providers.json").read_bytes() == before
