"""Running the engine for a command."""

from __future__ import annotations

import signal
import sys

import anyio
import anyio.lowlevel
import click
import pytest

from modelport.app.session import App
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.frontends.cli.running import engine, with_app


def test_ctrl_c_cancels_the_work_and_the_engine_goes_on() -> None:
    ended: list[str] = []

    async def interrupted(app: App) -> None:
        try:
            signal.raise_signal(signal.SIGINT)
            await anyio.sleep_forever()
        finally:
            ended.append("work")

    async def answer(app: App) -> int:
        return 42

    with engine() as running:
        with pytest.raises(KeyboardInterrupt):
            running.call(interrupted)
        assert ended == ["work"], "the work has ended before the caller goes on"
        assert running.call(answer) == 42
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(("error", "code"), [(InvalidParams("No."), 2), (RequestFailed("network", "No."), 1)])
def test_an_error_is_its_sentence_and_an_exit_code(
    error: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail(app: App) -> None:
        raise error

    with pytest.raises(click.exceptions.Exit) as ended:
        with_app(fail)
    assert ended.value.exit_code == code
    assert capsys.readouterr().err == "modelport: No.\n"


def test_the_server_loads_nothing_of_the_command_line() -> None:
    import subprocess

    program = (
        "import sys, modelport.frontends.lsp.serve; print([n for n in sys.modules if '.cli' in n or n == 'click'])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "[]\n"
