"""``modelport prices``: what models cost, and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.http_server import Answer, LocalServer, Received


@pytest.mark.parametrize(
    ("model", "words", "code"),
    [
        ("openai/gpt-4o", "openai/gpt-4o has the price of gpt-4o (genai-prices", 0),
        ("deepseek/deepseek-v4-flash", "on Mon, Tue, Wed, Thu, Fri", 0),
        ("sambanova/gpt-oss-120b", "has its price from the model catalog", 0),
        ("alibaba-cn/qwen-turbo", "is billed in CNY", 1),
        ("kimi-coding/k2", "is paid by a plan or an allowance", 1),
        ("ollama/qwen3:8b", "runs on a server of your own and costs nothing", 1),
        ("openrouter/nobody/nothing", "costs what the provider says in each answer", 1),
        ("openai/gpt-of-tomorrow", "has no known price: put yours into the configuration file", 1),
    ],
)
def test_where_a_price_is_from(run: Any, model: str, words: str, code: int) -> None:
    done = run("prices", model)
    assert words in done.stdout
    assert done.exit_code == code


def test_the_users_own_price(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELPORT_CONFIG_DIR", str(tmp_path))
    (tmp_path / "config.toml").write_text('[providers.openai.prices."gpt-*"]\ninput = 0.5\noutput = 2\n')
    done = run("prices", "openai/gpt-4o", "--json")
    assert json.loads(done.stdout) == [
        {
            "model": "openai/gpt-4o",
            "source": "user",
            "reason": "has your own price, from the configuration file",
            "prices": {
                "input_tokens": {"usd": "0.5", "per": 1_000_000, "otherwise": []},
                "output_tokens": {"usd": "2", "per": 1_000_000, "otherwise": []},
            },
        }
    ]


# Newer lists.


@pytest.fixture
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("MODELPORT_DATA_DIR", str(folder))
    return folder


def published() -> bytes:
    models = [{"id": f"m-{n}", "match": {"equals": f"m-{n}"}, "prices": {"input_mtok": n}} for n in range(100)]
    gpt = {"id": "gpt-4o", "match": {"equals": "gpt-4o"}, "prices": {"input_mtok": 0.125, "output_mtok": 1}}
    return json.dumps([{"id": "openai", "models": [gpt, *models]}]).encode()


def shown(run: Any) -> str:
    return json.loads(run("prices", "--json", "openai/gpt-4o").stdout)[0]["prices"]["input_tokens"]["usd"]


def test_newer_lists_from_a_file_and_back_again(run: Any, data_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "data.json").write_bytes(published())
    assert shown(run) == "2.5"
    done = run("prices", "update", "--from", str(tmp_path / "data.json"))
    assert f"Prices are from {tmp_path}/data.json of " in done.stdout
    assert done.stdout.endswith("(fetched).\n")
    assert shown(run) == "0.125"
    assert "data.json, openai)" in run("prices", "openai/gpt-4o").stdout
    checks = {check["id"]: check for check in json.loads(run("doctor", "--json").stdout)["checks"]}
    assert checks["prices"]["status"] == "ok"
    assert "data.json" in checks["prices"]["detail"]
    assert "(those of the package)." in run("prices", "update", "--reset").stdout
    assert shown(run) == "2.5"
    assert not (data_folder / "prices.json").exists()


def test_newer_lists_from_an_address(run: Any, data_folder: Path) -> None:
    def serve(request: Received) -> Answer:
        return Answer(200 if request.path.startswith("/data.json") else 404, chunks=(published(),))

    with LocalServer(serve) as server:
        missing = run("prices", "update", "--from", f"{server.url}/none.json")
        done = run("prices", "update", "--from", f"{server.url}/data.json?token=hush")
    assert (missing.exit_code, done.exit_code) == (1, 0)
    assert "does not serve a price list (404): check the address." in missing.stderr
    assert "hush" not in done.output
    assert shown(run) == "0.125"
    assert b"hush" not in (data_folder / "prices.json").read_bytes()


def test_wrong_usage_of_update(run: Any, data_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no prices")
    for arguments, words, code in [
        (("--from", "x.json", "--reset"), "exclude each other", 2),
        (("--from", "http://far.example/data.json"), "https", 2),
        (("--from", str(tmp_path / "missing.json")), "cannot be read (No such file or directory)", 2),
        (("--from", str(tmp_path / "notes.txt")), "is no price list", 1),
    ]:
        done = run("prices", "update", *arguments)
        assert words in done.stderr, arguments
        assert done.exit_code == code, arguments
    assert not data_folder.exists() or not (data_folder / "prices.json").exists()


def test_damaged_lists_are_in_the_diagnostics(run: Any, data_folder: Path) -> None:
    data_folder.mkdir()
    (data_folder / "prices.json").write_text("{")
    checks = {check["id"]: check for check in json.loads(run("doctor", "--json").stdout)["checks"]}
    assert checks["prices"]["status"] == "warn"
    assert "cannot be read, so those of the package are used" in checks["prices"]["detail"]
    assert "modelport prices update --reset" in checks["prices"]["action"]
    assert shown(run) == "2.5"


def test_prices_without_a_model_and_its_help(run: Any) -> None:
    assert "MODEL" in run("prices").stderr
    assert run("prices").exit_code == 2
    help_text = run("prices", "--help").stdout
    assert "update" in help_text
    assert "show" in help_text
