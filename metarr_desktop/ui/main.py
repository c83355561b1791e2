"""Starts the program with window and tray, and ends it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import sys
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMessageLogContext, Qt, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from metarr_desktop.app.paths import AppPaths
from metarr_desktop.domain.errors import MetarrError, Refused, StorageDamaged, StorageFailed
from metarr_desktop.ui.icons import app_icon
from metarr_desktop.ui.single_instance import raise_running
from metarr_desktop.ui.theme import Theme
from metarr_desktop.ui.tray import Tray

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from metarr_desktop.app.core import Core
    from metarr_desktop.app.options import StartOptions

logger = logging.getLogger(__name__)

OK, FAILED, DATA_ERROR = 0, 1, 5
LEAVE_WITHIN_S = 0.5
RECEIVE_FIRST_S = 0.05
"""Webhooks that wait at the door come in before the window is built, which takes longer than this."""
HARMLESS = "No such signal QPlatformNativeInterface::systemTrayWindowChanged"
"""What PySide6 says on a desktop without a tray."""


def run(options: StartOptions) -> int:
    """Run until a person quits; returns the exit status. A second start raises the first window."""
    paths = AppPaths(options.data_dir)
    if raise_running(paths):
        return OK
    sys.excepthook = _log_exception
    qInstallMessageHandler(_log_qt)
    app = QApplication(sys.argv[:1])
    app.setApplicationName("metarr-desktop")
    app.setApplicationDisplayName("Metarr Desktop")
    app.setDesktopFileName("metarr-desktop")
    app.setWindowIcon(app_icon())
    app.setQuitOnLastWindowClosed(False)
    theme = Theme(app)
    tray = Tray(theme)
    app.processEvents()  # the icon stands in the tray before anything heavy is loaded
    import qasync  # noqa: PLC0415

    loop: asyncio.AbstractEventLoop = qasync.QEventLoop(app, already_running=False)
    loop.set_exception_handler(_log_loop_error)
    asyncio.set_event_loop(loop)
    with contextlib.closing(loop):
        program = loop.create_task(Program(app, paths, theme=theme, tray=tray).run(options), name="program")
        return _finish(loop, program)


class Program:
    """One run: the core with its shell, until a stop is asked for."""

    def __init__(self, app: QApplication, paths: AppPaths, *, theme: Theme, tray: Tray) -> None:
        self._app = app
        self._paths = paths
        self._theme = theme
        self._tray = tray

    async def run(self, options: StartOptions) -> int:
        """Serve; returns the exit status."""
        from metarr_desktop.app.core import open_core  # noqa: PLC0415 - the heavy half, after the icon
        from metarr_desktop.app.leaving import leave_within  # noqa: PLC0415

        news = ""
        while True:
            try:
                async with open_core(
                    self._paths,
                    serve=True,
                    port=options.port,
                    host=options.host,
                    database_url=options.database_url,
                    queue_url=options.queue_url,
                ) as core:
                    await self._serve(core, minimized=options.minimized, news=news)
            except Refused as error:
                self._tray.hide()
                if await asyncio.to_thread(raise_running, self._paths):
                    return OK
                return await self._fail(error, status=FAILED)
            except StorageDamaged:
                news = await self._mend(options.database_url)
                if not news:
                    return DATA_ERROR
            except StorageFailed as error:
                return await self._fail(error, status=DATA_ERROR)
            else:
                leave_within(LEAVE_WITHIN_S, status=OK)
                return OK

    async def _serve(self, core: Core, *, minimized: bool, news: str) -> None:
        await asyncio.sleep(RECEIVE_FIRST_S)
        from metarr_desktop.ui.dialogs import show_news  # noqa: PLC0415
        from metarr_desktop.ui.shell import Shell  # noqa: PLC0415 - needed once the core is up

        self._on_signals(core.stop_requested.set)
        shell = Shell(core, theme=self._theme, tray=self._tray)

        def stop() -> None:
            shell.let_close()
            core.stop_requested.set()

        self._app.commitDataRequest.connect(lambda _session: stop())
        self._app.aboutToQuit.connect(stop)
        hidden = minimized or core.queries.settings().start_hidden
        shell.show(hidden=hidden and not self._tray.clicked_early and not news)
        if news:
            show_news(shell.window, news)
        elif shell.has_window and not minimized:
            core.tasks.spawn(shell.assist_first(), name="setup assistant")
        _freeze()
        shell.window_built.connect(_freeze, Qt.ConnectionType.QueuedConnection)
        await core.stop_requested.wait()
        shell.close()

    async def _mend(self, database_url: str | None) -> str:
        """Let a person choose what becomes of the damaged database; tells what was done, empty for Quit."""
        from metarr_desktop.app.database_file import damage_report, file_in_use  # noqa: PLC0415
        from metarr_desktop.ui.damaged_dialog import DamagedDialog, mend, told  # noqa: PLC0415

        report = await asyncio.to_thread(damage_report, self._paths, given=database_url)
        print(report, file=sys.stderr)  # noqa: T201 - as below
        file = file_in_use(self._paths, given=database_url)
        backups = await asyncio.to_thread(file.offered)
        dialog = DamagedDialog(file.path, backups)
        self._on_signals(dialog.reject)
        dialog.open()
        try:
            done = await mend(dialog, file, backups)
        finally:
            dialog.discard()
        return "" if done is None else told(done)

    async def _fail(self, error: MetarrError, *, status: int) -> int:
        """Tell why the program cannot start, in a terminal and in a window, and end when that is read."""
        from metarr_desktop.ui.dialogs import show_error  # noqa: PLC0415

        self._tray.hide()
        print(error, file=sys.stderr)  # noqa: T201 - a person may wait in a terminal
        read = asyncio.Event()
        box = show_error(None, error.text)
        box.finished.connect(lambda _result: read.set())
        self._on_signals(read.set)
        await read.wait()
        return status

    @staticmethod
    def _on_signals(act: Callable[[], object]) -> None:
        """Do this when the session ends or Ctrl+C is pressed."""
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):
                asyncio.get_running_loop().add_signal_handler(number, act)


def _freeze() -> None:
    """What was loaded stays for good: the collector need not look at it again while jobs come and go."""
    gc.collect()
    gc.freeze()


def _finish(loop: asyncio.AbstractEventLoop, program: asyncio.Task[int]) -> int:
    """Run to the end, also where the desktop ended Qt's own loop first."""
    try:
        return loop.run_until_complete(program)
    except RuntimeError:
        if program.done():
            raise
        return loop.run_until_complete(program)


def _log_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Slots that raise end up here; the program goes on."""
    logger.error("Unexpected error", exc_info=(kind, error, trace))


def _log_loop_error(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    logger.error("Unexpected error: %s", context.get("message"), exc_info=context.get("exception"))


def _log_qt(kind: QtMsgType, _context: QMessageLogContext, message: str) -> None:
    levels = {
        QtMsgType.QtDebugMsg: logging.DEBUG,
        QtMsgType.QtInfoMsg: logging.INFO,
        QtMsgType.QtWarningMsg: logging.WARNING,
    }
    level = logging.DEBUG if HARMLESS in message else levels.get(kind, logging.ERROR)
    logging.getLogger("metarr_desktop.qt").log(level, "%s", message)
