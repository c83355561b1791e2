"""The window over a queue of a hundred thousand waiting jobs, and over one that is told to stop."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton

from metarr_desktop.app.core import Core, open_core
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.app.snapshots import HistoryFilter
from metarr_desktop.domain.forms import Draft
from metarr_desktop.ui.shell import Shell
from metarr_desktop.ui.theme import Theme
from metarr_desktop.ui.tray import Tray
from tests.fakes import MemorySecretStore, eventually, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.qt_loop

ALL = HistoryFilter()
MANY = 100_000
LONGEST_STALL_S = 1.0
"""Far above what is measured on a quiet computer, some 0.06 s; a window that freezes takes many seconds."""


class Stalls:
    """The longest time in which the window could not do anything."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.setInterval(2)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.longest, self._last = max(self.longest, now - self._last), now


@asynccontextmanager
async def program(paths: AppPaths, qapp: QApplication) -> AsyncIterator[tuple[Core, Shell]]:
    qapp.setQuitOnLastWindowClosed(False)
    theme = Theme(qapp)
    async with open_core(paths, serve=True, port=0, secrets=MemorySecretStore()) as core:
        shell = Shell(core, theme=theme, tray=Tray(theme))
        shell.show()
        try:
            yield core, shell
        finally:
            shell.close()
    for widget in (shell.settings, shell.window):
        widget.deleteLater()


@asynccontextmanager
async def never_answering() -> AsyncIterator[int]:
    """A Kodi that takes every connection and says nothing."""
    over = asyncio.Event()

    async def wait(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    server = await asyncio.start_server(wait, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        over.set()
        server.close()


def fill(paths: AppPaths, *, in_one_family: bool) -> None:
    """Let Kodi be stopped and jobs wait for it, each of a webhook of its own or all of one."""
    now = int(time.time() * 1000)
    event = {
        "source": "radarr", "kind": "movie", "action": "imported",
        "title": "Dune", "year": 2021, "folder": "/m",
    }  # fmt: skip
    payload = json.dumps({"event": event})
    with closing(sqlite3.connect(paths.database)) as db, db:
        db.executemany(
            "INSERT INTO job_queue (id, type, lane, priority, payload, status, max_retries, created_at,"
            " updated_at, run_after, ready, root_id)"
            " VALUES (?, 'notify-kodi', 'kodi', 5, ?, 'pending', 3, ?, ?, ?, 1, ?)",
            ((n, payload, now, now, now, 1 if in_one_family else n) for n in range(1, MANY + 1)),
        )
        db.execute(
            "INSERT INTO lanes (lane, state, cause, reason, since)"
            " VALUES ('kodi', 'blocked', 'key_rejected', 'Kodi rejected its key.', ?)",
            (now,),
        )


@pytest.mark.parametrize("in_one_family", [False, True])
async def test_a_hundred_thousand_waiting_jobs_do_not_freeze_the_window(
    tmp_path: Path, qapp: QApplication, *, in_one_family: bool
) -> None:
    paths = AppPaths(tmp_path / "data")
    async with open_core(paths, serve=False, secrets=MemorySecretStore()):
        pass
    fill(paths, in_one_family=in_one_family)
    async with program(paths, qapp) as (_, shell):
        await until(lambda: shell.glance.facts is not None)
        stalls = Stalls()
        shell.window.show_page("jobs")
        words = "200 of 100000 shown"
        await until(lambda: shell.pages.jobs.ui.counts.text().replace(",", "") == words)
        first = shell.pages.jobs.filter.index(0, 0)
        status = shell.pages.jobs.filter.index(0, 1, first).data()
        assert status == "Waiting - Kodi rejected its key"
        for act in (
            lambda: shell.pages.jobs.ui.group.setChecked(False),
            lambda: shell.pages.jobs.ui.text.setText("dune"),
            shell.pages.jobs.clear_filter,
            lambda: shell.pages.jobs.ui.group.setChecked(True),
        ):
            act()
            qapp.processEvents()
        assert stalls.longest < LONGEST_STALL_S


def press(name: str) -> bool:
    """Press a button of the question that is open."""
    for box in QApplication.topLevelWidgets():
        if isinstance(box, QMessageBox) and box.isVisible():
            for push in box.findChildren(QPushButton):
                if push.text().replace("&", "") == name:
                    push.click()
                    return True
    return False


async def test_a_job_that_runs_is_cancelled_from_the_jobs_page_after_a_question(
    tmp_path: Path, qapp: QApplication, qtbot: Any
) -> None:
    paths = AppPaths(tmp_path / "data")
    async with never_answering() as port, program(paths, qapp) as (core, shell):
        values: dict[str, str | int | bool] = {"host": "127.0.0.1", "port": port}
        await core.commands.save_service("kodi", Draft(values=values), enabled=True)
        await core.commands.send_test("radarr")
        shell.window.show_page("jobs")
        page = shell.pages.jobs

        def running() -> Any:
            page.ui.view.expandAll()
            top = page.filter.index(0, 0)
            rows = [page.filter.index(row, 0, top) for row in range(page.filter.rowCount(top))]
            wanted = ["Notify Kodi", "Running"]
            return next(
                (row for row in rows if [row.siblingAtColumn(n).data() for n in (0, 1)] == wanted), None
            )

        await until(running)
        page.ui.view.setCurrentIndex(running())
        page.ui.view.setFocus()
        qtbot.keyClick(page.ui.view, Qt.Key.Key_Delete)
        await until(lambda: press("Cancel job"))

        async def cancelled() -> bool:
            return "cancelled" in [row.record.status for row in (await core.queries.history(ALL)).rows]

        await eventually(cancelled)


async def test_a_waiting_job_is_cancelled_from_its_details_after_a_question(
    tmp_path: Path, qapp: QApplication, qtbot: Any
) -> None:
    paths = AppPaths(tmp_path / "data")
    async with program(paths, qapp) as (core, shell):
        await core.commands.set_enabled("kodi", enabled=True)
        await core.commands.pause()
        await core.commands.send_test("radarr")

        async def waiting() -> list[Any]:
            return [job for job in await core.queries.jobs() if job.type == "notify-kodi"]

        found = await waiting()
        while not found:
            found = await waiting()
        window = shell.job_windows.show_job(found[0].id)
        await until(window._cancel.isEnabled)
        assert "Given up on" in window.as_text()
        qtbot.keyClick(window, Qt.Key.Key_Delete)
        await until(lambda: press("Cancel job"))
        await until(lambda: "Cancelled" in window.as_text())
        assert not window._cancel.isEnabled()
        window.close()
