"""Servers for model files: started once, shared, made room for, stopped when idle, and never left behind."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from blockbuster import blockbuster_ctx

from modelport.adapters.local_models.runner import LocalRunner
from modelport.adapters.local_servers.listening_ports import SystemListeningPorts
from modelport.adapters.local_servers.prober import SocketProber
from modelport.adapters.server_processes.process import ServerProcess
from modelport.adapters.server_processes.starting import child_environment
from modelport.adapters.system.programs import Programs
from modelport.domain.errors import RequestFailed
from modelport.domain.gguf import read_header
from modelport.domain.local.model_files import Plan, Served
from modelport.domain.providers.model_file import ModelFile
from support.builders import CANARY
from support.local_models import gguf, running, settings, started
from support.peers import alive, fetch, gone

pytestmark = pytest.mark.skipif(os.name == "nt", reason="process groups")
LIMIT_S = 10.0


class Rig:
    """A folder with models and notes, and a runner over it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.notes = folder / "models", folder / "notes"
        self.gate, self.notes_for = folder / "gate", started
        self.notes.mkdir()
        self.runner = LocalRunner(SocketProber(), SystemListeningPorts(), lambda: os.environ)
        self.told: list[str] = []

    def plan(self, name: str = "tiny", *flags: str, secret_env_vars: tuple[str, ...] = (), **changes: Any) -> Plan:
        path = self.folder / f"{name}.gguf"
        data = (path if path.exists() else gguf(path)).read_bytes()
        model = ModelFile(id=name, relative=name, path=str(path), size_bytes=len(data), header=read_header(data))
        entry = settings(self.folder, self.notes, *flags, **changes)
        return Plan(model=model, entry=entry, secret_env_vars=frozenset(secret_env_vars))

    async def use(self, plan: Plan, work: Callable[[Served], Awaitable[Any]] | None = None) -> Served:
        async with self.runner.serving(plan, self.told.append) as served:
            if work is not None:
                await work(served)
            return served

    def pids(self, model: str = "*") -> list[int]:
        return [note["pid"] for note in started(self.notes, model)]


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    found = Rig(tmp_path)
    yield found
    await found.runner.aclose()
    await until(lambda: not running(found.notes))


async def until(happened: Callable[[], Any]) -> None:
    with anyio.fail_after(LIMIT_S):
        while not happened():  # noqa: ASYNC110  another process does it
            await anyio.sleep(0.01)


async def failure(rig: Rig, plan: Plan) -> RequestFailed:
    with pytest.raises(RequestFailed) as failed:
        await rig.use(plan)
    assert str(rig.folder) not in failed.value.message
    return failed.value


async def test_a_server_is_started_and_answers(rig: Rig) -> None:
    with blockbuster_ctx("modelport"):
        served = await rig.use(rig.plan())
    assert fetch(f"{served.base_url}/models")["data"][0]["id"] == str(rig.folder / "tiny.gguf")
    assert rig.told[0] == "Starting tiny (Q4_K_M, 0.0 GB)"
    (note,) = started(rig.notes)
    assert note["stdin"] == ""
    assert served.key.reveal() not in note["arguments"]
    assert note["environment"]["LLAMA_API_KEY"] == served.key.reveal()


async def test_one_server_is_used_again(rig: Rig) -> None:
    first, second = await rig.use(rig.plan()), await rig.use(rig.plan())
    assert first == second
    assert len(rig.pids()) == 1
    assert rig.runner.runs(rig.plan())


async def test_requests_at_once_share_one_start(rig: Rig) -> None:
    plan = rig.plan("tiny", "--gate", str(rig.gate))
    found: list[Served] = []

    async def ask() -> None:
        found.append(await rig.use(plan))

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(ask)
        await until(lambda: rig.pids())
        assert not rig.runner.runs(plan)
        rig.gate.touch()
    assert len({served.base_url for served in found}) == 1
    assert len(rig.pids()) == 1
    assert rig.told.count("Starting tiny (Q4_K_M, 0.0 GB)") >= 1


async def test_while_it_loads_every_request_gets_progress(rig: Rig) -> None:
    plan = rig.plan("tiny", "--gate", str(rig.gate))
    other: list[str] = []

    async def ask() -> None:
        async with rig.runner.serving(plan, other.append):
            pass

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(rig.use, plan)
        tasks.start_soon(ask)
        await until(lambda: "Loading tiny: 1 s" in rig.told and "Loading tiny: 1 s" in other)
        rig.gate.touch()


async def test_another_goes_on_with_the_start_of_one_that_was_cancelled(rig: Rig) -> None:
    plan = rig.plan("tiny", "--gate", str(rig.gate))
    async with anyio.create_task_group() as first:
        first.start_soon(rig.use, plan)
        await until(lambda: rig.pids())
        async with anyio.create_task_group() as second:
            second.start_soon(rig.use, plan)
            await anyio.wait_all_tasks_blocked()
            first.cancel_scope.cancel()
            rig.gate.touch()
    await rig.use(plan)
    assert len(rig.pids()) == 1


async def test_another_model_takes_the_place_of_an_idle_one(rig: Rig) -> None:
    await rig.use(rig.plan("a"))
    await rig.use(rig.plan("b"))
    (a,) = rig.pids("a")
    assert not alive(a)
    assert "Stopping a" in rig.told
    assert alive(rig.pids("b")[0])


async def test_the_one_not_used_for_longest_has_to_go(rig: Rig) -> None:
    for name in ("a", "b", "a", "c"):
        await rig.use(rig.plan(name, max_running=2))
    assert [alive(rig.pids(name)[0]) for name in "abc"] == [True, False, True]


async def test_one_in_use_is_waited_for(rig: Rig) -> None:
    async def second(served: Served) -> None:
        tasks.start_soon(rig.use, rig.plan("b"))
        await until(lambda: "Waiting until a is free" in rig.told)
        assert alive(rig.pids("a")[0])
        assert rig.pids("b") == []

    async with anyio.create_task_group() as tasks:
        await rig.use(rig.plan("a"), second)
    assert not alive(rig.pids("a")[0])
    assert alive(rig.pids("b")[0])


async def test_other_settings_need_another_server(rig: Rig) -> None:
    await rig.use(rig.plan())
    await rig.use(rig.plan("tiny", "--jinja"))
    first, second = rig.pids()
    assert (alive(first), alive(second)) == (False, True)


async def test_idle_servers_are_stopped(rig: Rig) -> None:
    await rig.use(rig.plan(idle_s=0.05))
    assert await anyio.to_thread.run_sync(gone, rig.pids()[0])
    assert not rig.runner.runs(rig.plan(idle_s=0.05))
    await rig.use(rig.plan())
    assert len(rig.pids()) == 2


async def test_one_in_use_is_not_idle(rig: Rig) -> None:
    async def slow(served: Served) -> None:
        await rig.use(rig.plan(idle_s=0.01))
        await anyio.sleep(0.1)
        assert alive(rig.pids()[0])

    await rig.use(rig.plan(idle_s=0.01), slow)


async def test_one_that_crashed_is_started_again(rig: Rig) -> None:
    await rig.use(rig.plan())
    os.kill(rig.pids()[0], signal.SIGKILL)
    await until(lambda: not rig.runner.runs(rig.plan()))
    await rig.use(rig.plan())
    assert len(rig.pids()) == 2


async def test_one_that_dies_at_start_is_reported_with_the_reason(rig: Rig) -> None:
    model = rig.folder / "tiny.gguf"
    said = [
        "first words",
        f"error loading model: {model}",
        "see /var/log/llama server/x.log",
        "\x1b[31mno tensor\x1b[0m",
    ]
    error = await failure(rig, rig.plan("tiny", *(f"--say={line}" for line in said), "--die", "3"))
    assert error.kind == "provider_unavailable"
    assert not error.retryable
    assert "ended with code 3 and said: " in error.message
    assert "error loading model: tiny.gguf" in error.message
    assert "no tensor" in error.message
    assert "first words" not in error.message
    assert "/var" not in error.message
    assert "\x1b" not in error.message
    (note,) = started(rig.notes)
    assert note["environment"]["LLAMA_API_KEY"] not in error.message


async def test_a_traceback_is_not_repeated(rig: Rig) -> None:
    code = "def load():\n    raise ValueError('no such tensor')\nload()"
    error = await failure(rig, rig.plan(command=(sys.executable, "-c", code, "{model}", "{port}"), flags=()))
    assert "said: ValueError: no such tensor." in error.message
    script = rig.folder.parent / "serve.py"
    script.write_text(code)
    error = await failure(rig, rig.plan(command=(sys.executable, str(script), "{model}", "{port}"), flags=()))
    assert "said: ValueError: no such tensor." in error.message


async def test_every_request_that_waits_for_a_start_that_fails_fails_at_once(rig: Rig) -> None:
    plan = rig.plan("tiny", "--die", "1")
    errors: list[RequestFailed] = []

    async def ask() -> None:
        errors.append(await failure(rig, plan))

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(ask)
    assert len(set(map(id, errors))) == 3
    assert len({error.message for error in errors}) == 1
    assert len(rig.pids()) == 1
    await failure(rig, plan)
    assert len(rig.pids()) == 2, "the next request tries again"


async def test_its_own_key_is_in_no_error(rig: Rig) -> None:
    code = "import os, sys; sys.exit(os.environ['LLAMA_API_KEY'])"
    error = await failure(rig, rig.plan(command=(sys.executable, "-c", code, "{model}", "{port}"), flags=()))
    assert "ended with code 1 and said: " in error.message
    assert "[" in error.message.partition("said: ")[2]


async def test_a_start_takes_only_so_long(rig: Rig) -> None:
    error = await failure(rig, rig.plan("tiny", "--gate", str(rig.gate), start_timeout_s=0.3))
    assert error.kind == "timeout"
    assert "start_timeout_s" in error.message
    await until(lambda: not running(rig.notes))


async def test_a_port_that_was_taken_meanwhile(rig: Rig) -> None:
    await rig.use(rig.plan("tiny", "--taken-once", str(rig.gate)))
    assert len(rig.pids()) == 1


async def test_a_server_without_that_path_is_ready_when_it_lists_its_model(rig: Rig) -> None:
    plan = rig.plan("tiny", "--no-health", "--gate", str(rig.gate))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(rig.use, plan)
        await until(lambda: rig.pids())
        await anyio.wait_all_tasks_blocked()
        assert not rig.runner.runs(plan)
        rig.gate.touch()
    assert rig.runner.runs(plan)


@pytest.mark.parametrize(
    "command", [("no-such-program-anywhere", "{model}", "{port}"), ("/no/such/llama-server", "{model}{port}")]
)
async def test_a_missing_program(rig: Rig, command: tuple[str, ...]) -> None:
    error = await failure(rig, rig.plan(command=command))
    assert error.kind == "provider_unavailable"
    assert error.action == "install llama.cpp"
    assert "/no" not in error.message


async def test_a_program_that_cannot_be_run(rig: Rig) -> None:
    program = rig.folder.parent / "broken"
    program.write_bytes(b"\x00\x01\x02")
    program.chmod(0o755)
    error = await failure(rig, rig.plan(command=(str(program), "{model}", "{port}")))
    assert "broken cannot be run: see command of [local_models]" in error.message
    error = await failure(rig, rig.plan(command=(sys.executable, "a\0b", "{model}", "{port}")))
    assert "cannot be run" in error.message


async def test_output_without_end_is_drained_and_bounded(rig: Rig) -> None:
    flood = "import sys; sys.stdout.write('x' * 3_000_000); print('y' * 100_000); print('the end'); sys.exit(1)"
    error = await failure(rig, rig.plan(command=(sys.executable, "-c", flood, "{model}", "{port}"), flags=()))
    assert error.message.count("the end") == 1
    assert len(error.message) < 2500


async def test_secrets_stay_out_of_its_environment(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("OPENAI_API_KEY", "Acme_Login", "HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "DB_PASSWORD", "LLAMA_API_KEY")  # fmt: skip
    for name in names:
        monkeypatch.setenv(name, CANARY)
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:{CANARY}@proxy.example:3128")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    await rig.use(rig.plan(secret_env_vars=("ACME_LOGIN",)))
    (note,) = started(rig.notes)
    assert CANARY not in str(note)
    assert note["environment"]["CUDA_VISIBLE_DEVICES"] == "0"
    assert child_environment(frozenset(), Programs())["PATH"]


# Nothing is left.


@pytest.mark.parametrize("flags", [(), ("--deaf",), ("--child",), ("--deaf", "--child")])
async def test_closing_ends_everything(rig: Rig, flags: tuple[str, ...]) -> None:
    await rig.use(rig.plan("tiny", *flags))
    assert len(running(rig.notes)) == (3 if "--child" in flags else 2)
    await rig.runner.aclose()
    await until(lambda: not running(rig.notes))


async def test_a_server_that_ends_leaves_no_child_behind(rig: Rig) -> None:
    await failure(rig, rig.plan("tiny", "--child", "--die", "0"))
    await until(lambda: not running(rig.notes))


async def test_a_supervisor_that_is_killed_leaves_nothing_behind(rig: Rig) -> None:
    await rig.use(rig.plan("tiny", "--child", "--deaf"))
    (note,) = started(rig.notes)
    os.kill(note["parent"], signal.SIGKILL)
    await until(lambda: not running(rig.notes))
    await until(lambda: not rig.runner.runs(rig.plan("tiny", "--child", "--deaf")))


async def test_one_that_is_being_started_is_ended_too(rig: Rig) -> None:
    plan = rig.plan("tiny", "--gate", str(rig.gate))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(rig.use, plan)
        await until(lambda: rig.pids())
        tasks.cancel_scope.cancel()
    await rig.runner.aclose()
    await until(lambda: not running(rig.notes))


async def test_the_exit_code_is_a_shells() -> None:
    for code, script in ((5, "raise SystemExit(5)"), (128 + 9, "import os; os.kill(os.getpid(), 9)")):
        process = ServerProcess([sys.executable, "-c", script], os.environ)
        assert await anyio.to_thread.run_sync(process.wait, LIMIT_S)
        assert process.code == code
