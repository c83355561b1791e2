"""Runs a program of a person's own: without a shell, for a limited time, with an environment of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import MetarrError, NotSetUp, Transient
from metarr_desktop.domain.text import text
from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LARGEST_OUTPUT = 64 * 1024
LONGEST_LINE = 300
AFTER_END_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a program ended: its ``code``, negative for a signal, or None where its time was over."""

    code: int | None
    last_line: str


class _Listener(asyncio.SubprocessProtocol):
    """Keeps the last 64 kB of what a program says; the rest is read and dropped, so that it never waits."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self.exited = asyncio.Event()
        self.silent = asyncio.Event()

    def pipe_data_received(self, fd: int, data: bytes) -> None:  # noqa: ARG002 - there is only one
        """Take what it says."""
        self._kept += data
        del self._kept[:-LARGEST_OUTPUT]

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002 - as asyncio calls it
        """Nobody is left who could say more."""
        self.silent.set()

    def process_exited(self) -> None:
        """Learn that the program itself is over, whoever else still holds its output."""
        self.exited.set()

    @property
    def last_line(self) -> str:
        """The last line that is not empty, fit to be shown."""
        lines = self._kept.decode("utf-8", "replace").splitlines()
        return next((cut(told, LONGEST_LINE) for line in reversed(lines) if (told := clean(line))), "")


async def run_program(
    program: str, arguments: Sequence[str], *, environment: Mapping[str, str], seconds: float
) -> Ended:
    """Run a program to its end, or end it and all it started when its time is over.

    What it leaves running when it ends by itself is left alone. Raises NotSetUp or Transient where it
    cannot be started.
    """
    transport, listener = await _started(program, arguments, environment=environment)
    code: int | None = None
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await listener.exited.wait()
            code = transport.get_returncode()
            async with asyncio.timeout(AFTER_END_S):
                await listener.silent.wait()
        return Ended(code=code, last_line=listener.last_line)
    finally:
        if not listener.exited.is_set():
            await _kill(transport, listener)
        transport.close()


async def _kill(transport: asyncio.SubprocessTransport, listener: _Listener) -> None:
    """End a program with all it started, which takes it a moment."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(transport.get_pid(), signal.SIGKILL)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(AFTER_END_S):
            await listener.exited.wait()


async def _started(
    program: str, arguments: Sequence[str], *, environment: Mapping[str, str]
) -> tuple[asyncio.SubprocessTransport, _Listener]:
    try:
        return await asyncio.get_running_loop().subprocess_exec(
            _Listener,
            program,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(environment),
            cwd=environment.get("HOME") or "/",
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise _not_started(error, program=program) from error


def _not_started(error: Exception, *, program: str) -> MetarrError:
    detail = (error.strerror or "").lower() if isinstance(error, OSError) else ""
    words = text(
        "{program} could not be started: {detail}", program=program, detail=detail or "it is not possible"
    )
    return Transient(words) if isinstance(error, BlockingIOError) else NotSetUp(words)
