"""A second start of the window raises the first one, with the standard library alone: it is soon gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.app.control_client import CallFailedError, NotRunningError, call_running

if TYPE_CHECKING:
    from metarr_desktop.app.paths import AppPaths

TIMEOUT_S = 5.0


def raise_running(paths: AppPaths) -> bool:
    """Have the program that runs on this folder show its window; False where none answers."""
    try:
        call_running(paths.data_dir, "open", {}, timeout_s=TIMEOUT_S)
    except (NotRunningError, CallFailedError):
        return False
    return True
