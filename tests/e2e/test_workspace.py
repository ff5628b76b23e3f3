"""A hostile project is open: none of its programs is started, however its folder comes to be on PATH."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from support import fake_agents
from support.builders import CANARY
from support.discovering import Discovering
from support.http_server import LocalServer
from support.local_models import gguf
from support.server_process import ServerProcess

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="its programs are scripts"),
    pytest.mark.usefixtures("fresh_servers"),
]


class Project:
    """A folder with a program of each kind, each of which leaves a file in ``ran``."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.ran = folder / "ran"
        self.ran.mkdir()
        self.bin = fake_agents.installed(self.root, "@google/gemini-cli", "gemini", f"pids={self.ran}/gemini")
        for name in ("print-key", "llama-server", "node", "sh", "env"):
            self.program(self.bin / name)

    def program(self, path: Path) -> None:
        path.write_text(f"#!/bin/sh\necho run >> {self.ran}/{path.name}\necho {CANARY}\n")
        path.chmod(0o755)

    def started(self) -> list[str]:
        return sorted(path.name for path in self.ran.iterdir())


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


WAYS: dict[str, Any] = {
    "workspaceFolders": lambda root: {"workspaceFolders": [{"uri": root.as_uri(), "name": "project"}]},
    "rootUri": lambda root: {"rootUri": root.as_uri()},
    "rootPath": lambda root: {"rootPath": str(root)},
    "cwd": lambda root: {},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("entry", ["absolute", "relative"])
def test_nothing_of_the_project_is_started(way: str, entry: str, project: Project, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir(exist_ok=True)
    gguf(tmp_path / "models" / "tiny.gguf")
    with LocalServer({}) as upstream:
        (config / "config.toml").write_text(
            f'[providers.acme]\nbase_url = "{upstream.url}/v1"\napi_key_command = ["print-key"]\n'
            f'[local_models]\nfolder = "{tmp_path / "models"}"\n'
        )
        first = str(project.bin) if entry == "absolute" else os.path.relpath(project.bin, project.root)
        machine = Discovering(tmp_path / "home")
        machine.sees_this_process = False
        variables = machine.variables() | {"MODELPORT_CONFIG_DIR": str(config)}
        variables["PATH"] = f"{first}:{variables['PATH']}"
        cwd = project.root if way == "cwd" or entry == "relative" else tmp_path
        with ServerProcess(env=variables, cwd=cwd) as server:
            server.initialize(**WAYS[way](project.root))
            agents = server.result("agent/discover", {"level": "verify", "timeoutMs": 5000, "ids": ["gemini"]})[
                "agents"
            ]
            server.claim("agent/update")
            key = server.request("completion/create", {"model": "acme/large", "prompt": "hi"})["error"]
            model = server.request("completion/create", {"model": "llama-cpp/tiny", "prompt": "hi"})["error"]
            server.claim("status/changed")
            server.claim("usage/updated")
            assert server.close() == 0
    assert project.started() == []
    why = "lies in the open workspace" if entry == "absolute" else "relative or empty entry of PATH"
    assert [why in agent["detail"] for agent in agents] == [True]
    assert "was not found" in key["message"]
    assert "there is no llama-server" in model["message"]
    assert [request.path for request in upstream.requests if request.method == "POST"] == []


def test_a_folder_that_is_opened_later_counts_too(project: Project, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir(exist_ok=True)
    (tmp_path / "config" / "config.toml").write_text(
        '[providers.acme]\nbase_url = "http://127.0.0.1:9/v1"\napi_key_command = ["print-key"]\n'
    )
    variables = {"MODELPORT_CONFIG_DIR": str(tmp_path / "config"), "PATH": f"{project.bin}:/usr/bin:/bin"}
    with ServerProcess(env=variables, cwd=Path("/")) as server:
        server.initialize()
        event = {"added": [{"uri": project.root.as_uri(), "name": "project"}], "removed": []}
        server.notify("workspace/didChangeWorkspaceFolders", {"event": event})
        error = server.request("completion/create", {"model": "acme/large", "prompt": "hi"})["error"]
        assert "was not found" in error["message"]
        assert project.started() == []
        server.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": event["added"]}})
        server.request("completion/create", {"model": "acme/large", "prompt": "hi"})
        assert project.started() == ["print-key"]
        for method in ("status/changed", "usage/updated"):
            server.claim(method)
        assert server.close() == 0
