"""Takes the screenshots of this folder anew: ``.venv/bin/python docs/screenshots/take.py``.

The real program on a folder of its own, with a Discord on 127.0.0.1 that refuses one message and a Radarr
that can be connected; no display is needed. What takes minutes to come about is written into its database
by hand. Look at the pictures before you commit them.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
for name in ("TOKEN", "USER_KEY"):
    os.environ[f"METARR_SECRET_PUSHOVER_{name}"] = "a" * 30
# Nothing listens there: Pushover waits for its next try.
os.environ["METARR_PUSHOVER_BASE"] = "http://127.0.0.1:9"

import qasync  # noqa: E402 - after the platform is chosen
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget  # noqa: E402

from metarr_desktop.app.core import Core, open_core  # noqa: E402
from metarr_desktop.app.database_file import DatabaseFile  # noqa: E402
from metarr_desktop.app.paths import AppPaths  # noqa: E402
from metarr_desktop.domain.changes import LaneChanged  # noqa: E402
from metarr_desktop.domain.forms import Draft  # noqa: E402
from metarr_desktop.domain.routing import Route  # noqa: E402
from metarr_desktop.ui.damaged_dialog import DamagedDialog  # noqa: E402
from metarr_desktop.ui.settings_pages.sender import SenderPage  # noqa: E402
from metarr_desktop.ui.shell import Shell  # noqa: E402
from metarr_desktop.ui.theme import Theme  # noqa: E402
from metarr_desktop.ui.trace_dialog import TraceDialog  # noqa: E402
from metarr_desktop.ui.tray import Tray  # noqa: E402
from tests.fake_arr import FakeArr  # noqa: E402
from tests.integration.fake_discord import FakeDiscord  # noqa: E402


async def settle(seconds: float = 0.6) -> None:
    """Let the window catch up: it merges changes to ten a second."""
    await asyncio.sleep(seconds)


def save(widget: QWidget, name: str) -> None:
    """Write a picture of one window."""
    widget.grab().save(str(HERE / f"{name}.png"))


async def news(core: Core) -> None:
    """Let some films, an episode and an album arrive, as senders tell it."""
    await core.commands.pause()
    for source, event in (
        ("radarr", "Download"),
        ("sonarr", "Download"),
        ("radarr", "Grab"),
        ("lidarr", "Download"),
    ):
        await core.commands.send_test(source, event=event)
        await settle(0.2)
    await core.commands.send_test("radarr", event="DownloadUpgrade")
    await core.commands.resume()
    await settle(1.0)


async def meet_senders(core: Core, radarr: FakeArr) -> None:
    """Connect a Radarr, one of whose folders is not here, and hear of a second one by its webhooks alone."""
    radarr.folders = ["/movies", "/data/kids"]
    draft = Draft(values={"url": await radarr.start()}, secrets={"api_key": radarr.key})
    await core.commands.add_sender("Radarr", type="radarr", draft=draft, until_quit=True)
    await core.commands.connect_sender("Radarr")
    await core.commands.add_sender("Radarr 4K", type="radarr", draft=Draft())
    films = core.paths.data_dir / "Films"
    films.mkdir()
    library = await core.commands.add_library(str(films), name="Films")
    await core.commands.set_library(library.id, anchor=".here", needs_nfo=True, watch="events")
    await core.commands.add_mapping("radarr", "/movies", str(films))
    await core.commands.set_route("discord", "", Route(exclude_tags=("surprise",)))


async def take_senders(core: Core, shell: Shell, *, look: str) -> None:
    """Take the pages of senders, what a service is told, and the way of a path."""
    for page in ("sources", "source-radarr"):
        shell.open_settings(page)
        await settle()
        save(shell.settings, f"settings-{page}-{look}")
    sender = next(each for each in shell.settings.findChildren(SenderPage) if each.isVisible())
    sender.connection.connect_now()
    while sender.connection.button.is_busy():
        await settle(0.1)
    await settle()
    save(shell.settings, f"settings-source-connected-{look}")
    shell.open_settings("discord")
    await settle()
    scroll = next(each for each in shell.settings.findChildren(QScrollArea) if each.isVisible())
    scroll.verticalScrollBar().setValue(scroll.verticalScrollBar().maximum())
    await settle()
    save(shell.settings, f"settings-discord-{look}")
    trace = TraceDialog(
        queries=core.queries, tasks=core.tasks, sources={"radarr": "Radarr"}, services={"kodi": "Kodi"}
    )
    trace.show()
    trace.path.setText("/movies/The Matrix (1999)")
    trace.trace.click()
    await settle()
    save(trace, f"trace-{look}")
    trace.close()


async def take_damaged(theme: Theme, folder: Path) -> None:
    """Take what a start shows that finds the database damaged."""
    paths = AppPaths(folder / "damaged")
    async with open_core(paths, serve=False):
        pass
    file = DatabaseFile(paths)
    file.back_up()
    for look in ("light", "dark"):
        theme.apply(look)
        dialog = DamagedDialog(file.path, file.backups())
        dialog.open()
        asked = asyncio.ensure_future(dialog.choice())
        await settle()
        save(dialog, f"database-damaged-{look}")
        dialog.reject()
        await asked
        dialog.discard()


def stage(core: Core) -> None:
    """Let a scan be half done, a delivery run with another one, and nobody answer for Pushover."""
    with closing(sqlite3.connect(core.paths.database)) as db, db:
        now = db.execute("SELECT MAX(received_at) FROM webhook_events").fetchone()[0]
        root = db.execute("SELECT MAX(root_id) FROM job_queue").fetchone()[0]
        event = db.execute("SELECT MAX(id) FROM webhook_events").fetchone()[0]
        payload = db.execute("SELECT payload FROM job_queue WHERE root_id = ?", (root,)).fetchone()[0]
        note = '{"template": "Reading the folder", "values": {}}'
        for job, kind, lane, progress, leader in (
            (900, "scan-movie", "scan", {"done": 5, "total": 10, "note": note}, None),
            (901, "notify-kodi", "kodi", {"done": 1, "total": 3, "note": None}, None),
            (902, "notify-kodi", "kodi", None, 901),
        ):
            db.execute(
                "INSERT INTO job_queue (id, type, lane, priority, payload, status, max_retries, starts,"
                " ready, created_at, updated_at, run_after, started_at, root_id, parent_id, event_id, worker,"
                " progress, merged_into) VALUES (?, ?, ?, 3, ?, 'processing', 3, 1, 0, ?, ?, ?, ?, ?, ?, ?,"
                " 'this-1-a', ?, ?)",
                (job, kind, lane, payload, now, now, now, now, root, root, event,
                 None if progress is None else json.dumps(progress), leader),
            )  # fmt: skip
        db.execute(
            "INSERT OR REPLACE INTO lanes (lane, state, reason, since, until) VALUES ('pushover', 'breaker',"
            " 'No connection.', ?, ?)",
            (now, now + 14 * 60_000),
        )


async def details(core: Core, shell: Shell) -> None:
    """A job that failed, one that runs and one that waits."""
    failed = (await core.queries.recent())[0].records[-1]
    window = shell.job_windows.show_job(failed.job_id)
    await settle()
    save(window, "job-details-dark")
    window.close()
    for look in ("light", "dark"):
        await core.commands.save_settings(theme=look)
        window = shell.job_windows.show_job(900)
        await settle()
        save(window, f"job-details-running-{look}")
        window.close()
    with closing(sqlite3.connect(core.paths.database)) as db:
        waiting = db.execute("SELECT MAX(id) FROM job_queue WHERE lane = 'pushover'").fetchone()[0]
    window = shell.job_windows.show_job(waiting)
    await settle()
    save(window, "job-details-waiting-dark")
    window.close()


async def take(app: QApplication) -> None:
    """Take them all."""
    discord = FakeDiscord()
    server = discord.start()
    discord.script = [(400, {"message": "Cannot send an empty message", "code": 50006})]
    os.environ.update(discord.environment)
    theme = Theme(app)
    tray = Tray(theme)
    with tempfile.TemporaryDirectory() as folder:
        radarr = FakeArr()
        async with open_core(AppPaths(Path(folder) / "data"), serve=True, port=0) as core:
            shell = Shell(core, theme=theme, tray=tray)
            shell.show()
            await settle()
            save(shell.window, "first-page")
            for key in ("discord", "pushover"):
                await core.commands.set_enabled(key, True)
            await core.commands.test_service("discord")
            await meet_senders(core, radarr)
            await news(core)
            stage(core)
            core.bus.publish(LaneChanged("pushover"))
            for look in ("light", "dark"):
                await core.commands.save_settings(theme=look)
                await settle()
                for page in ("dashboard", "jobs", "history", "services"):
                    shell.window.show_page(page)
                    await settle()
                    save(shell.window, f"{page}-{look}")
                shell.window.show_page("dashboard")
                shell.pages.dashboard.tabs.setCurrentWidget(shell.pages.dashboard.types)
                await settle()
                save(shell.window, f"statistics-{look}")
                shell.pages.dashboard.tabs.setCurrentIndex(0)
                for page in ("receiving", "library", "schedule", "advanced", "pushover", "kodi"):
                    shell.open_settings(page)
                    await settle()
                    save(shell.settings, f"settings-{page}-{look}")
                await take_senders(core, shell, look=look)
                shell.settings.hide()
                shell.menu.popup(shell.window.pos())
                await settle()
                save(shell.menu, f"tray-menu-{look}")
                shell.menu.hide()
            await details(core, shell)
            for page in ("jobs", "services"):
                shell.window.show_page(page)
                shell.window.resize(640, 400)
                await settle()
                save(shell.window, f"{page}-small-dark")
            shell.close()
        await radarr.stop()
        await take_damaged(theme, Path(folder))
    server.shutdown()


def main() -> None:
    """Run on one loop of Qt and asyncio."""
    app = QApplication(sys.argv[:1])
    app.setApplicationDisplayName("Metarr Desktop")
    app.setQuitOnLastWindowClosed(False)
    loop = qasync.QEventLoop(app)
    with loop:
        loop.run_until_complete(take(app))


if __name__ == "__main__":
    main()
