"""One command's way to the program: through control where it runs, else on the database itself."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from metarr_desktop.app.control_client import CallFailedError, NotRunningError, call_running, result_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUNNING_ONLY = frozenset(
    {"quit", "open", "send_test", "source_connect", "source_resume", "sign_in_begin", "sign_in_state"}
)
STARTING_S = 5.0
"""A program that holds the folder and does not answer yet is starting or stopping; it gets so long."""
STOPPING_S = 10.0
STEP_S = 0.1


class Session(Protocol):
    """What a command needs of the program."""

    @property
    def data_dir(self) -> Path:
        """The folder the command is about."""

    @property
    def database_url(self) -> str | None:
        """The database given for this command, if any."""

    def call(self, action: str, **params: Any) -> Any:  # noqa: ANN401 - JSON both ways
        """Run one action. Raises NotRunningError where it needs a running program, else CallFailedError."""

    def has_stopped(self) -> bool:
        """Wait until no program holds the folder; False where one still does after a while."""


@dataclass(frozen=True, slots=True)
class FolderSession:
    """Calls actions for one data folder, whether or not a program runs on it."""

    data_dir: Path
    database_url: str | None = None
    queue_url: str | None = None
    starting_s: float = STARTING_S
    stopping_s: float = STOPPING_S
    wait: Callable[[float], None] = time.sleep

    def call(self, action: str, **params: Any) -> Any:  # noqa: ANN401 - JSON both ways
        """Run one action. Raises NotRunningError where it needs a running program, else CallFailedError."""
        deadline = time.monotonic() + self.starting_s
        while True:
            try:
                return call_running(self.data_dir, action, params)
            except NotRunningError as error:
                if action in RUNNING_ONLY:
                    raise
                unanswered = error.asked
            told, problem = self._call_here(action, params)
            if told is not None:
                return result_of(told)
            # What was asked may have been done: asking twice could do it twice.
            if unanswered or time.monotonic() >= deadline:
                raise CallFailedError(kind="refused", message=problem)
            self.wait(STEP_S)

    def has_stopped(self) -> bool:
        """Wait until no program holds the folder; False where one still does after a while."""
        import asyncio  # noqa: PLC0415 - commands to a running program start without it

        from metarr_desktop.app.lock import AlreadyRunning, DataFolderLock  # noqa: PLC0415
        from metarr_desktop.app.paths import AppPaths  # noqa: PLC0415

        lock = DataFolderLock(AppPaths(self.data_dir).lock)
        deadline = time.monotonic() + self.stopping_s
        while time.monotonic() < deadline:
            try:
                asyncio.run(lock.acquire(serving=False))
            except AlreadyRunning:
                self.wait(STEP_S)
            else:
                lock.release()
                return True
        return False

    def _call_here(self, action: str, params: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
        """Hold the lock and do it: the answer, or None and the reason where another holds the folder."""
        # Half a second of imports that a running program has behind it.
        import asyncio  # noqa: PLC0415

        from metarr_desktop.app.actions import answer, error_json  # noqa: PLC0415
        from metarr_desktop.app.core import open_core  # noqa: PLC0415
        from metarr_desktop.app.lock import AlreadyRunning  # noqa: PLC0415
        from metarr_desktop.app.paths import AppPaths  # noqa: PLC0415
        from metarr_desktop.domain.errors import MetarrError  # noqa: PLC0415

        async def run() -> dict[str, Any]:
            async with open_core(
                AppPaths(self.data_dir),
                serve=False,
                database_url=self.database_url,
                queue_url=self.queue_url,
            ) as core:
                return await answer(core, action, params)

        try:
            return asyncio.run(run()), ""
        except AlreadyRunning as error:
            return None, str(error)
        except MetarrError as error:
            return {"error": error_json(error)}, ""
