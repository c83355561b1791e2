"""Folders that are scanned by hand, and the way of a path, in the window over the real core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QTreeView

from metarr_desktop.ui.scanning import ScanDialog
from metarr_desktop.ui.trace_dialog import TraceDialog
from tests.fakes import eventually, until
from tests.integration.windows import answer, running_shell, unnamed

if TYPE_CHECKING:
    from pathlib import Path

    from metarr_desktop.app.core import Core
    from metarr_desktop.app.snapshots import LibrarySnapshot
    from metarr_desktop.ui.main_window import MainWindow
    from metarr_desktop.ui.shell import Shell

pytestmark = pytest.mark.qt_loop


@pytest.fixture
def opened(tmp_path: Path, qapp: QApplication) -> Any:
    return lambda: running_shell(tmp_path, qapp)


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """Two films in a folder of this computer."""
    folder = tmp_path / "Films"
    for name in ("Up (2009)", "Dune (2021)"):
        (folder / name).mkdir(parents=True)
        (folder / name / f"{name}.mkv").write_bytes(b"film")
    return folder


def urls(*paths: Path | str) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl(each) if isinstance(each, str) else QUrl.fromLocalFile(str(each)) for each in paths])
    return data


ANY = Qt.DropAction.MoveAction | Qt.DropAction.CopyAction


def drag(window: MainWindow, data: QMimeData, *, actions: Qt.DropAction = ANY) -> bool:
    event = QDragEnterEvent(
        QPoint(200, 200), actions, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    event.setDropAction(Qt.DropAction.MoveAction)
    event.ignore()
    QApplication.sendEvent(window, event)
    return event.isAccepted()


def drop(window: MainWindow, data: QMimeData) -> Qt.DropAction:
    assert drag(window, data)
    event = QDropEvent(
        QPointF(200, 200), ANY, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    event.setDropAction(Qt.DropAction.MoveAction)
    QApplication.sendEvent(window, event)
    return event.dropAction()


def dialog(kind: Any) -> Any:
    return next(
        each for each in QApplication.topLevelWidgets() if isinstance(each, kind) and each.isVisible()
    )


async def scanned(core: Core, *titles: str) -> None:
    """Wait until these were asked for, in any order."""

    async def there() -> bool:
        families = await core.queries.recent()
        return sorted(each.event.title for each in families if each.event is not None) == sorted(titles)

    await eventually(there)


async def test_folders_and_files_dropped_on_the_window_are_scanned(opened: Any, films: Path) -> None:
    async with opened() as (core, shell):
        await core.commands.add_library(str(films))
        window, data = shell.window, urls(films / "Up (2009)", films / "Dune (2021)" / "Dune (2021).mkv")
        assert drag(window, data)
        assert window.drop_target.sign.isVisible()
        assert drop(window, data) is Qt.DropAction.CopyAction
        assert not window.drop_target.sign.isVisible()
        await until(lambda: window.statusBar().currentMessage() == "2 folders wait to be scanned.")
        await scanned(core, "Up (2009)", "Dune (2021)")
        assert (films / "Up (2009)").is_dir()


async def test_what_is_no_folder_of_this_computer_is_refused_in_words(opened: Any, films: Path) -> None:
    async with opened() as (core, shell):
        await core.commands.add_library(str(films))
        drop(shell.window, urls("https://example.invalid/x", films.parent / "elsewhere"))
        told = await answer("Close")
        assert "elsewhere is in no library folder" in told
        assert "Only files and folders of this computer can be scanned." in told
        assert await core.queries.recent() == ()


async def test_text_is_not_taken_and_the_sign_goes_with_the_pointer(opened: Any, films: Path) -> None:
    async with opened() as (_, shell):
        words = QMimeData()
        words.setText("/films")
        assert not drag(shell.window, words)
        assert not drag(shell.window, urls(films), actions=Qt.DropAction.MoveAction)
        assert not shell.window.drop_target.sign.isVisible()
        assert drag(shell.window, urls(films))
        QApplication.sendEvent(shell.window, QDragLeaveEvent())
        assert not shell.window.drop_target.sign.isVisible()


async def test_a_path_is_scanned_from_the_jobs_page(opened: Any, films: Path) -> None:
    async with opened() as (core, shell):
        await core.commands.add_library(str(films))
        await core.commands.pause()
        shell.window.show_page("jobs")
        shell.pages.jobs.ui.scan.click()
        form: ScanDialog = dialog(ScanDialog)
        assert unnamed(form) == []
        assert not form.scan.isEnabled()
        form.path.setText("/nowhere/Up")
        form.scan.click()
        await until(lambda: "in no library folder" in form.note.text())
        assert form.path.text() == "/nowhere/Up"
        form.path.setText(str(films / "Up (2009)"))
        form.scan.click()
        await until(lambda: form.note.text().startswith("Up (2009) waits to be scanned."))
        assert form.path.text() == ""
        form.reject()
        view = shell.pages.jobs.findChild(QTreeView)
        await until(lambda: view.model().rowCount() > 0 and "Up (2009)" in view.model().index(0, 0).data())


async def library_page(shell: Shell) -> Any:
    shell.open_settings("library")
    await until(lambda: shell.settings._page().key == "library" and "pushover" in shell.settings._pages)
    return shell.settings._page()


async def one_library(core: Core) -> LibrarySnapshot:
    (library,) = await core.queries.libraries()
    return library


async def test_what_is_asked_of_a_folder_is_changed_at_once(opened: Any, films: Path) -> None:
    async with opened() as (core, shell):
        await core.commands.add_library(str(films), name="Films")
        page = await library_page(shell)
        conditions = page.folders.conditions
        assert not conditions.isEnabled()
        await until(lambda: page.folders.table.topLevelItemCount() == 1)
        page.folders.table.topLevelItem(0).setSelected(True)
        assert conditions.isEnabled()
        conditions.needs_nfo.click()
        conditions.watch.setCurrentIndex(conditions.watch.findData("polling"))
        conditions.watch.activated.emit(conditions.watch.currentIndex())
        conditions.anchor.setText(".here")
        conditions.anchor.editingFinished.emit()

        async def stored() -> bool:
            library = await one_library(core)
            return (library.anchor, library.needs_nfo, library.watch) == (".here", True, "polling")

        await eventually(stored)
        await until(
            lambda: page.folders.table.topLevelItem(0).text(3) == "Anchor .here, NFO required, Polled"
        )
        assert page.folders.table.topLevelItem(0).text(4) == "Anchor file missing"
        (films / ".here").touch()
        shell.bridge.settings_changed.emit()
        await until(lambda: page.folders.table.topLevelItem(0).text(4) == "Found")
        assert conditions.isEnabled()
        conditions.anchor.setText("/outside")
        conditions.anchor.editingFinished.emit()
        await until(page.note.text)
        assert (await one_library(core)).anchor == ".here"


async def test_the_way_of_a_path_is_shown_hop_by_hop(opened: Any, films: Path) -> None:
    async with opened() as (core, shell):
        await core.commands.add_library(str(films), name="Films")
        await core.commands.add_mapping("radarr", "/movies", str(films))
        await core.commands.add_mapping("kodi", "/movies", "smb://nas/films")
        page = await library_page(shell)
        page._trace.click()
        form: TraceDialog = dialog(TraceDialog)
        assert unnamed(form) == []
        form.path.setText("/movies/Up (2009)")
        form.trace.click()
        await until(lambda: form.hops.topLevelItemCount() > 0)
        items = [form.hops.topLevelItem(row) for row in range(form.hops.topLevelItemCount())]
        assert [(item.text(0), item.text(1)) for item in items if item is not None] == [
            ("Radarr", "/movies/Up (2009)"),
            ("This computer", f"{films}/Up (2009)"),
            ("", f"Mapping /movies to {films}, in Films, found"),
            ("Kodi", "smb://nas/films/Up (2009)"),
            ("", "Mapping /movies to smb://nas/films"),
        ]
        form.reject()
