from __future__ import annotations

import asyncio
import logging
import sys
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.logging_setup import CAPACITY, LogBook, LogLine, start_logging

if TYPE_CHECKING:
    from pathlib import Path


async def test_lines_go_to_the_file_and_to_who_listens(tmp_path: Path) -> None:
    book, told = LogBook(), list[LogLine]()
    book.attach(asyncio.get_running_loop())
    book.subscribe(told.append)
    stop = start_logging(tmp_path / "metarr.log", book=book)
    try:
        logging.getLogger("metarr_desktop.services.discord").warning("Rate limited, %d s", 42)
        logging.getLogger("metarr_desktop.x").debug("too fine")
    finally:
        stop()
    await asyncio.sleep(0)
    assert [(line.level, line.area, line.message) for line in told] == [
        (logging.WARNING, "discord", "Rate limited, 42 s")
    ]
    written = (tmp_path / "metarr.log").read_text(encoding="utf-8")
    assert "WARNING metarr_desktop.services.discord  Rate limited, 42 s" in written


def test_the_book_keeps_the_last_lines_only(tmp_path: Path) -> None:
    book = LogBook()
    for number in range(CAPACITY + 5):
        book.emit(logging.LogRecord("metarr_desktop.a", logging.INFO, "f", 1, str(number), (), None))
    assert len(book.lines()) == CAPACITY
    assert [line.message for line in book.lines(limit=2)] == [str(CAPACITY + 3), str(CAPACITY + 4)]


def test_hostile_text_in_a_line_breaks_nothing(tmp_path: Path) -> None:
    book = LogBook()
    stop = start_logging(tmp_path / "metarr.log", book=book)
    try:
        logging.getLogger("metarr_desktop.a").info("%s", "\ud800 {x} %s \x00")
    finally:
        stop()
    assert (tmp_path / "metarr.log").stat().st_size > 0


def test_a_log_that_cannot_be_written_fills_no_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "metarr.log").mkdir()
    book = LogBook()
    stop = start_logging(tmp_path / "metarr.log", book=book)
    logging.getLogger("metarr_desktop.here").info("It goes on")
    stop()
    assert capsys.readouterr().err == ""
    assert [line.message for line in book.lines()] == ["It goes on"]


@pytest.mark.skipif(sys.platform == "win32", reason="there the folder says who may read")
def test_only_this_user_reads_the_log(tmp_path: Path) -> None:
    stop = start_logging(tmp_path / "metarr.log", book=LogBook())
    logging.getLogger("metarr_desktop.here").info("A title of a film")
    stop()
    assert (tmp_path / "metarr.log").stat().st_mode & 0o777 == 0o600
