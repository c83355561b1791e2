"""One command's way to the program: through control where it runs, else on the database itself."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metarr_desktop.cli.remote import CallFailedError, NotRunningError, call_running

if TYPE_CHECKING:
    from pathlib import Path

RUNNING_ONLY = frozenset({"quit", "open", "send_test"})


@dataclass(frozen=True, slots=True)
class Session:
    """Calls actions for one data folder."""

    data_dir: Path

    def call(self, action: str, **params: Any) -> Any:  # noqa: ANN401 - JSON both ways
        """Run one action. Raises NotRunningError where it needs a running program, else CallFailedError."""
        try:
            return call_running(self.data_dir, action, params)
        except NotRunningError:
            if action in RUNNING_ONLY:
                raise
        return self._call_here(action, params)

    def _call_here(self, action: str, params: dict[str, Any]) -> object:
        """Hold the lock and do it; a program that starts meanwhile is called after all."""
        # Half a second of imports that a running program has behind it.
        from metarr_desktop.app.actions import call, error_json  # noqa: PLC0415
        from metarr_desktop.app.core import open_core  # noqa: PLC0415
        from metarr_desktop.app.lock import AlreadyRunning  # noqa: PLC0415
        from metarr_desktop.app.paths import AppPaths  # noqa: PLC0415
        from metarr_desktop.domain.errors import MetarrError  # noqa: PLC0415

        async def run() -> object:
            async with open_core(AppPaths(self.data_dir), serve=False) as core:
                return await call(core, action, params)

        try:
            return asyncio.run(run())
        except AlreadyRunning as error:
            try:
                return call_running(self.data_dir, action, params)
            except NotRunningError:
                raise CallFailedError(kind="refused", message=str(error)) from error
        except MetarrError as error:
            problem = error_json(error)
            raise CallFailedError(kind=problem["kind"], message=problem["message"]) from error
