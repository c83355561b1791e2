"""How long things are kept and tried, and whether all of it is tried by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.forms import FieldSpec
from metarr_desktop.ui.settings_pages.program_page import ProgramPage
from metarr_desktop.ui.wording import tr

if TYPE_CHECKING:
    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.tasks import TaskSupervisor

DAYS = ("{n} day", "{n} days")
FIELDS = (
    FieldSpec(
        name="keep_done_days",
        title="Keep done jobs",
        kind="integer",
        default=30,
        minimum=1,
        maximum=3650,
        unit=DAYS,
        description="Older ones leave the history, with skipped and cancelled ones, when it is cleaned up.",
    ),
    FieldSpec(
        name="keep_failed_days",
        title="Keep failed jobs",
        kind="integer",
        default=90,
        minimum=1,
        maximum=3650,
        unit=DAYS,
        description="As long as they are kept they can be retried.",
    ),
    FieldSpec(
        name="deliver_within_days",
        title="Give up deliveries after",
        kind="integer",
        default=7,
        minimum=1,
        maximum=365,
        unit=DAYS,
        description="A message that still waits then fails, as where a service rejects its key.",
    ),
    FieldSpec(
        name="weekly_drill",
        title="Weekly drill",
        kind="boolean",
        default=False,
        description="Tries every service once a week, without telling anybody. When: see Schedule.",
    ),
)


class AdvancedPage(ProgramPage):
    """What most people never change."""

    def __init__(self, *, commands: Commands, queries: Queries, tasks: TaskSupervisor) -> None:
        super().__init__(
            FIELDS, key="advanced", title=tr("Advanced"), commands=commands, queries=queries, tasks=tasks
        )
