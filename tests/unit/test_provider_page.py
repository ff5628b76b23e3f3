"""The script that writes docs/providers.md."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "docs" / "generate.py"


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("providers_page", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_log_in_without_an_entry_is_named_and_writes_nothing(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script, "FOLDER", tmp_path)
    monkeypatch.setattr("sys.argv", ["generate.py"])
    monkeypatch.delitem(script.LOG_INS, "qwen")
    assert script.main() == 1
    assert capsys.readouterr().out == "docs/generate.py: LOG_INS has no entry for ['qwen']\n"
    assert not list(tmp_path.iterdir())


def test_a_stale_page_is_reported_and_written(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    monkeypatch.setattr(script, "FOLDER", folder)
    (tmp_path / "ARCHITECTURE.md").write_text(f"{script.BEGIN}\n{script.END}\n", encoding="utf-8")
    (folder / "failover.md").write_text(f"{script.FAILURES_BEGIN}\n{script.END}\n", encoding="utf-8")
    for arguments, code in ((["--check"], 1), ([], 0), (["--check"], 0)):
        monkeypatch.setattr("sys.argv", ["generate.py", *arguments])
        assert script.main() == code
    assert "stale: run make generate" in capsys.readouterr().out
