"""What ``acp-discover`` costs, in calls of Python functions: the same on a slow machine and on a fast one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import modelport
from support import fake_agents
from support.discovering import Discovering

COUNTED = """
import gc, os, sys, threading
calls, importing = 0, threading.local()

def count(frame, event, _):
    global calls
    depth = getattr(importing, "depth", 0)
    if event in ("call", "return") and frame.f_code.co_name == "_find_and_load":
        importing.depth = depth = depth + (1 if event == "call" else -1)
    calls += event == "call" and not depth

gc.disable()
threading.setprofile(count)
sys.setprofile(count)
from modelport.frontends.cli.acp_discover import main
code = main(sys.argv[1:])
sys.setprofile(None)
sys.stderr.write(f"{calls} {' '.join(sys.modules)}")
sys.stderr.flush()
sys.stdout.flush()
os._exit(code)
"""


def cost(machine: Discovering, *arguments: str) -> tuple[int, set[str]]:
    """The calls of a search but for those of imports, which differ with Python, and the modules."""
    command = [sys.executable, "-c", COUNTED, *arguments, "--json"]
    env = machine.variables({"PYTHONPATH": str(Path(modelport.__file__).parents[1])})
    done = subprocess.run(command, env=env, cwd=machine.home, capture_output=True, timeout=60, check=False, text=True)
    assert done.returncode == 0, done.stderr
    run, *modules = done.stderr.split()
    return int(run), set(modules)


@pytest.fixture
def machine(tmp_path: Path) -> Discovering:
    """A machine with one agent that answers."""
    machine = Discovering(tmp_path / "home")
    machine.sees_this_process = False
    folder = fake_agents.installed(tmp_path / "npm", "@google/gemini-cli", "gemini", version="1.2.3")
    machine.path.insert(0, str(folder))
    return machine


def test_a_listing_loads_nothing_of_providers(machine: Discovering) -> None:
    run, modules = cost(machine)
    assert not {
        name for name in modules if name.startswith(("modelport.domain.providers", "modelport.domain.spending"))
    }
    assert run < 5_500


def test_a_start_of_one_agent_is_cheap(machine: Discovering) -> None:
    run, modules = cost(machine, "gemini", "--level", "verify")
    assert not modules & {"modelport.domain.providers.rows", "modelport.domain.completions.call"}
    assert run < 17_000
