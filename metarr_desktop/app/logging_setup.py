"""The log: a rotating file, and the last lines in memory for the window."""

from __future__ import annotations

import logging
import logging.handlers
import os
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from io import TextIOWrapper
    from pathlib import Path

CAPACITY = 2_000
FORMAT = "%(asctime)s.%(msecs)03dZ %(levelname)-7s %(name)s  %(message)s"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line of the log; ``area`` is the part of the program it came from."""

    at: datetime
    level: int
    area: str
    message: str


class LogBook(logging.Handler):
    """Keeps the last lines and tells new ones to whoever listens, on the loop's thread."""

    def __init__(self) -> None:
        super().__init__(level=logging.INFO)
        self._lines: deque[LogLine] = deque(maxlen=CAPACITY)
        self._listeners: list[Callable[[LogLine], None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tell lines on this loop from now on."""
        self._loop = loop

    def lines(self, *, limit: int = CAPACITY) -> tuple[LogLine, ...]:
        """Return the last lines, oldest first."""
        return tuple(self._lines)[-limit:]

    def subscribe(self, listener: Callable[[LogLine], None]) -> Callable[[], None]:
        """Call ``listener`` with each new line; the returned function ends that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record; a traceback stays in the file."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            self.handleError(record)
            return
        area = record.name.removeprefix("metarr_desktop.").rpartition(".")[2]
        line = LogLine(
            at=datetime.fromtimestamp(record.created, tz=UTC),
            level=record.levelno,
            area=area,
            message=message,
        )
        self._lines.append(line)
        if self._listeners and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell, line)

    def _tell(self, line: LogLine) -> None:
        for listener in tuple(self._listeners):
            listener(line)


class LogFile(logging.handlers.RotatingFileHandler):
    """A log that is short of lines where the disk is full, and fills no terminal with tracebacks."""

    def _open(self) -> TextIOWrapper:
        def private(path: str, flags: int) -> int:
            return os.open(path, flags, 0o600)

        return open(self.baseFilename, "a", encoding=self.encoding, errors=self.errors, opener=private)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Let the line go; the window still shows it."""


def start_logging(log_file: Path, *, book: LogBook) -> Callable[[], None]:
    """Write the program's log to a file of at most 5 times 2 MB; the returned function ends that."""
    handler = LogFile(
        log_file, maxBytes=2_000_000, backupCount=4, encoding="utf-8", errors="replace", delay=True
    )
    formatter = logging.Formatter(FORMAT, datefmt="%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    handler.setLevel(logging.INFO)
    logger = logging.getLogger("metarr_desktop")
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    logger.addHandler(book)

    def stop() -> None:
        logger.removeHandler(handler)
        logger.removeHandler(book)
        logger.setLevel(level)
        handler.close()

    return stop
