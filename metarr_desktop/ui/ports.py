"""What the live pages of the window are connected to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.ui.actions import Actions
    from metarr_desktop.ui.bridge import Bridge
    from metarr_desktop.ui.theme import Theme


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Reads, news, tasks, what a person can set off, and the colours."""

    queries: Queries
    bridge: Bridge
    tasks: TaskSupervisor
    actions: Actions
    theme: Theme
