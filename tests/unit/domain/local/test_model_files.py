"""Names of model files, and the command that serves one."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.gguf import GgufHeader
from modelport.domain.local.model_files import (
    FoundFile,
    Plan,
    catalogued,
    command_line,
    context_length,
    mounted,
    named,
    server_path,
)
from modelport.domain.providers.configuration import LocalModelsEntry
from modelport.domain.providers.model_file import ModelFile

HEADER = GgufHeader(architecture="llama")


def files(*names: str, **changes: Any) -> list[FoundFile]:
    return [
        FoundFile(relative=name, path=f"/m/{name}", size_bytes=10, **{"header": HEADER, **changes}) for name in names
    ]


def ids(*names: str) -> list[str]:
    return [model.id for model in catalogued(files(*names))]


def plan(path: str = "/m/tiny.gguf", header: GgufHeader = HEADER, **settings: Any) -> Plan:
    entry = LocalModelsEntry(folder="/m", **settings)
    return Plan(model=ModelFile(id="tiny", relative="tiny", path=path, size_bytes=1, header=header), entry=entry)


def test_a_model_has_the_name_of_its_file() -> None:
    assert ids("Tiny-Q4_K_M.gguf", "qwen/Coder.GGUF", "qwen/v2.5/x.gguf") == ["Coder", "x", "Tiny-Q4_K_M"]


def test_where_two_files_have_one_name_the_folder_tells_them_apart() -> None:
    assert ids("a/model.gguf", "b/Model.gguf", "c/other.gguf") == ["a/model", "b/Model", "other"]


def test_the_parts_of_a_split_file_are_one_model() -> None:
    names = [f"big/large-{n:05}-of-00003.gguf" for n in (3, 1, 2)]
    (model,) = catalogued(files(*names))
    assert (model.id, model.path, model.size_bytes, model.listed) == (
        "large",
        "/m/big/large-00001-of-00003.gguf",
        30,
        True,
    )


def test_a_split_file_with_a_part_missing_is_not_offered() -> None:
    (model,) = catalogued(files("large-00002-of-00003.gguf", "large-00003-of-00003.gguf"))
    assert not model.listed
    assert model.trouble is not None
    assert "2 of its 3 parts" in model.trouble


def test_two_splits_of_one_name_are_two_models() -> None:
    assert (
        len(catalogued(files("x-00001-of-00001.gguf", "x.gguf", "x-00001-of-00002.gguf", "x-00002-of-00002.gguf"))) == 2
    )


@pytest.mark.parametrize(
    ("header", "trouble", "listed"),
    [
        (HEADER, None, True),
        (None, "cannot be read", False),
        (GgufHeader(architecture="clip"), None, False),
        (GgufHeader(architecture="llama", kind="adapter"), None, False),
    ],
)
def test_what_is_offered(header: GgufHeader | None, trouble: str | None, listed: bool) -> None:
    (model,) = catalogued(files("x.gguf", header=header, trouble=trouble))
    assert model.listed is listed


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("tiny", ["tiny"]),
        ("TINY.GGUF", ["tiny"]),
        ("sub/Coder", ["Coder"]),
        ("sub\\coder.gguf", ["Coder"]),
        ("coder", ["Coder"]),
        ("a/same", ["a/same"]),
        ("same", ["a/same", "b/same"]),
        ("large-00001-of-00002.gguf", ["large"]),
        ("tin", []),
        ("../tiny", []),
        ("", []),
    ],
)
def test_names(name: str, found: list[str]) -> None:
    names = ("tiny.gguf", "sub/Coder.gguf", "a/same.gguf", "b/same.gguf", "large-00001-of-00002.gguf", "large-00002-of-00002.gguf")  # fmt: skip
    assert [model.id for model in named(catalogued(files(*names)), name)] == found


def test_the_usual_command() -> None:
    line = ["llama-server", "--model", "/m/tiny.gguf", "--host", "127.0.0.1", "--port", "4321"]
    assert command_line(plan(), 4321, windows=False) == line


def test_settings_become_arguments() -> None:
    settings = {
        "threads": 8,
        "gpu_layers": 0,
        "flash_attention": False,
        "cache_type_k": "q8_0",
        "cache_type_v": "f16",
        "context_length": 8192,
        "flags": ("--jinja", "{port} as it is"),
    }
    assert command_line(plan(**settings), 1, windows=False)[7:] == [
        *("--threads", "8", "--n-gpu-layers", "0", "--flash-attn", "off", "--cache-type-k", "q8_0"),
        *("--cache-type-v", "f16", "--ctx-size", "8192", "--jinja", "{port} as it is"),
    ]
    assert command_line(plan(flash_attention=True), 1, windows=False)[7:] == ["--flash-attn", "on"]


def test_a_model_that_embeds_is_served_as_one() -> None:
    embedder = GgufHeader(architecture="bert", task="embeddings")
    assert command_line(plan(header=embedder, flags=("-v",)), 1, windows=False)[7:] == ["--embeddings", "-v"]
    assert command_line(plan(header=embedder, embedding_flags=()), 1, windows=False)[7:] == []


def test_a_path_with_a_placeholder_in_it_is_filled_in_once() -> None:
    odd = plan("/m/{port} $HOME; rm.gguf", command=("run", "--file={model}", "--at={port}"))
    assert command_line(odd, 5, windows=False) == ["run", "--file=/m/{port} $HOME; rm.gguf", "--at=5"]


WINDOWS = r"C:\Models\Sub\tiny.gguf"


@pytest.mark.parametrize(
    ("path", "settings", "windows", "seen"),
    [
        (WINDOWS, {}, True, WINDOWS),
        (WINDOWS, {"wsl": True}, True, "/mnt/c/Models/Sub/tiny.gguf"),
        ("/mnt/c/x.gguf", {"wsl": True}, False, "/mnt/c/x.gguf"),
        (WINDOWS, {"path_mapping": {r"c:\models": "/srv/m"}}, True, "/srv/m/Sub/tiny.gguf"),
        (WINDOWS, {"path_mapping": {"C:/Models/": "/srv/m/"}}, True, "/srv/m/Sub/tiny.gguf"),
        (WINDOWS, {"path_mapping": {"C:\\": "/c", r"C:\Models\Sub": "/sub"}}, True, "/sub/tiny.gguf"),
        (WINDOWS, {"path_mapping": {"C:\\": "/c"}}, True, "/c/Models/Sub/tiny.gguf"),
        (WINDOWS, {"path_mapping": {r"C:\Mod": "/no"}}, True, WINDOWS),
        (WINDOWS, {"wsl": True, "path_mapping": {r"D:\x": "/no"}}, True, "/mnt/c/Models/Sub/tiny.gguf"),
        ("/mnt/c/models/a/x.gguf", {"path_mapping": {"/mnt/c": "C:"}}, False, r"C:\models\a\x.gguf"),
        ("/data/x.gguf", {"path_mapping": {"/data": r"\\wsl$\Debian\data"}}, False, r"\\wsl$\Debian\data\x.gguf"),
        ("/Data/x.gguf", {"path_mapping": {"/data": "/no"}}, False, "/Data/x.gguf"),
    ],
)
def test_the_path_as_the_server_sees_it(path: str, settings: dict[str, Any], windows: bool, seen: str) -> None:
    assert server_path(path, LocalModelsEntry(folder="/m", **settings), windows=windows) == seen


KNOWN = GgufHeader(architecture="llama", context_length=32768)
EMBEDDER = GgufHeader(architecture="bert", task="embeddings", context_length=512)


@pytest.mark.parametrize(
    ("header", "settings", "tokens"),
    [
        (KNOWN, {}, 32768),
        (HEADER, {}, None),
        (KNOWN, {"context_length": 8192}, 8192),
        (KNOWN, {"flags": ("--ctx-size", "4096")}, 4096),
        (KNOWN, {"flags": ("--jinja", "-c", "2048", "--mlock")}, 2048),
        (KNOWN, {"flags": ("--ctx_size", "1024")}, 1024),
        (KNOWN, {"context_length": 8192, "flags": ("-c", "4096")}, 4096),
        (KNOWN, {"command": ("llama-server", "--model", "{model}", "--port", "{port}", "-c", "1000")}, 1000),
        (KNOWN, {"command": ("llama-server", "-c", "1000", "{model}", "{port}"), "context_length": 8192}, 8192),
        (KNOWN, {"command": ("sh", "-c", "serve {model} {port}")}, 32768),
        (KNOWN, {"flags": ("-c", "0")}, 32768),
        (HEADER, {"flags": ("-c", "0")}, None),
        (KNOWN, {"flags": ("--jinja", "-c")}, 32768),
        (EMBEDDER, {"embedding_flags": ("--embeddings", "-c", "256")}, 256),
        (KNOWN, {"embedding_flags": ("--embeddings", "-c", "256")}, 32768),
    ],
)
def test_the_context_is_what_the_server_is_started_with(
    header: GgufHeader, settings: dict[str, Any], tokens: int | None
) -> None:
    made = plan(header=header, **settings)
    assert context_length(made.model, made.entry) == tokens


def test_wsl_runs_the_command_only_from_windows() -> None:
    assert command_line(plan(WINDOWS, wsl=True), 1, windows=True)[:5] == ["wsl.exe", "--exec", "llama-server", "--model", "/mnt/c/Models/Sub/tiny.gguf"]  # fmt: skip
    assert command_line(plan(wsl=True), 1, windows=False)[0] == "llama-server"


@pytest.mark.parametrize(("path", "seen"), [(r"D:\models", "/mnt/d/models"), ("d:/a b/c", "/mnt/d/a b/c"), ("E:", "/mnt/e"), ("/mnt/x", "/mnt/x"), ("models", "models"), ("C:models", "C:models")])  # fmt: skip
def test_drives_in_wsl(path: str, seen: str) -> None:
    assert mounted(path) == seen
