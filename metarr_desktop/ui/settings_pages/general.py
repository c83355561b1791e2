"""Settings of the program itself: its look and what closing the window does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.forms import FieldSpec
from metarr_desktop.ui.settings_pages.program_page import ProgramPage
from metarr_desktop.ui.wording import tr

if TYPE_CHECKING:
    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.tasks import TaskSupervisor

FIELDS = (
    FieldSpec(
        name="close_button",
        title="Close button",
        kind="choice",
        default="ask",
        choices=(
            ("ask", "Keep running, ask where there is no tray"),
            ("keep", "Keep running"),
            ("quit", "Quit"),
        ),
        description="What happens when the window is closed.",
    ),
    FieldSpec(
        name="theme",
        title="Theme",
        kind="choice",
        default="system",
        choices=(("system", "System"), ("light", "Light"), ("dark", "Dark")),
    ),
    FieldSpec(
        name="start_hidden",
        title="Start hidden",
        kind="boolean",
        default=False,
        description="The tray icon shows the window. Without a tray the window is always shown.",
    ),
)


class GeneralPage(ProgramPage):
    """The program's own settings."""

    def __init__(self, *, commands: Commands, queries: Queries, tasks: TaskSupervisor) -> None:
        super().__init__(
            FIELDS, key="general", title=tr("General"), commands=commands, queries=queries, tasks=tasks
        )
