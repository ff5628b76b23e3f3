"""The announcement of a server to other programs: once, in the background, and without effect on its requests."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

import anyio
import anyio.to_thread
import pytest

from modelport.app import announcing
from modelport.frontends.lsp.announcement import InstanceAnnouncement


class Announcing:
    """Stands in for the file; ``open`` lets a write go on."""

    def __init__(self) -> None:
        self.written: list[tuple[Any, ...]] = []
        self.removed = 0
        self.error: Exception | None = None
        self.begun = threading.Event()
        self.open = threading.Event()
        self.open.set()

    def announce(self, host: str | None, pid: int | None, capabilities: Sequence[str]) -> Callable[[], None]:
        self.begun.set()
        assert self.open.wait(10)
        if self.error:
            raise self.error
        self.written.append((host, pid, capabilities))
        return self.take_back

    def take_back(self) -> None:
        self.removed += 1


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch) -> Announcing:
    made = Announcing()
    monkeypatch.setattr(announcing, "announce", made.announce)
    return made


@pytest.mark.parametrize(
    ("process_id", "pid"), [(7, 7), (None, None), ("7", None), (True, None), (7.0, None), ([7], None)]
)
async def test_the_client_is_announced(file: Announcing, process_id: object, pid: int | None) -> None:
    presence = InstanceAnnouncement()
    presence.introduce("Zed", {"processId": process_id})
    await presence.announce()
    ((host, client_pid, capabilities),) = file.written
    assert (host, client_pid) == ("Zed", pid)
    assert {"completion", "model"} <= set(capabilities)
    assert len(capabilities) == len(set(capabilities))


async def test_it_is_written_once_and_removed(file: Announcing) -> None:
    presence = InstanceAnnouncement()
    await presence.announce()
    await presence.announce()
    assert len(file.written) == 1
    await presence.withdraw()
    assert file.removed == 1


async def test_what_was_never_written_is_not_removed_nor_written_later(file: Announcing) -> None:
    presence = InstanceAnnouncement()
    await presence.withdraw()
    await presence.announce()
    assert (file.written, file.removed) == ([], 0)


async def test_what_is_being_written_at_the_end_is_removed(file: Announcing) -> None:
    presence = InstanceAnnouncement()
    file.open.clear()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(presence.announce)
        await anyio.to_thread.run_sync(file.begun.wait)
        tasks.start_soon(presence.withdraw)
        await anyio.wait_all_tasks_blocked()
        file.open.set()
    assert (len(file.written), file.removed) == (1, 1)


async def test_a_disk_that_does_not_answer_does_not_hold_up_the_end(file: Announcing) -> None:
    presence = InstanceAnnouncement()
    file.open.clear()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(presence.announce)
        await anyio.to_thread.run_sync(file.begun.wait)
        with anyio.move_on_after(0.01) as limit:
            await presence.withdraw()
        tasks.cancel_scope.cancel()
    assert limit.cancelled_caught
    file.open.set()


async def test_a_failed_write_is_a_line_of_the_log(file: Announcing, caplog: pytest.LogCaptureFixture) -> None:
    file.error = PermissionError(13, "Permission denied", "/run/user/7/acp-agents")
    with caplog.at_level(logging.DEBUG, "modelport.announcement"):
        presence = InstanceAnnouncement()
        await presence.announce()
        await presence.withdraw()
    (record,) = caplog.records
    assert record.levelno == logging.DEBUG
    assert record.message == "this server could not be announced: Permission denied"


async def test_a_bug_is_logged_and_has_no_other_effect(file: Announcing, caplog: pytest.LogCaptureFixture) -> None:
    file.error = ZeroDivisionError()
    await InstanceAnnouncement().announce()
    assert "bug in the announcement" in caplog.text
