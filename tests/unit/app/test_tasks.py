from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.tasks import TaskSupervisor
from metarr_desktop.domain.errors import Transient

if TYPE_CHECKING:
    from collections.abc import Coroutine


async def fail(error: Exception) -> None:
    raise error


async def wait_for_ever() -> None:
    await asyncio.Event().wait()


@pytest.mark.expects_errors("Task walk the dog failed .*ValueError")
async def test_a_task_that_fails_is_in_the_log_by_name() -> None:
    tasks = TaskSupervisor()
    task = tasks.spawn(fail(ValueError("no dog")), name="walk the dog")
    await asyncio.wait({task})
    await asyncio.sleep(0)
    await tasks.close()
    assert task.exception() is not None


async def test_an_error_of_ours_is_a_warning_without_traceback(caplog: pytest.LogCaptureFixture) -> None:
    tasks = TaskSupervisor()
    with caplog.at_level(logging.WARNING):
        await asyncio.wait({tasks.spawn(fail(Transient("No connection.")), name="test kodi")})
        await asyncio.sleep(0)
    (record,) = caplog.records
    assert (record.levelno, record.getMessage(), record.exc_info) == (
        logging.WARNING,
        "test kodi: No connection.",
        None,
    )


async def test_closing_cancels_what_still_runs() -> None:
    tasks = TaskSupervisor()
    work: Coroutine[None, None, None] = wait_for_ever()
    task = tasks.spawn(work, name="waiter")
    await asyncio.sleep(0)
    await tasks.close()
    assert task.cancelled()
