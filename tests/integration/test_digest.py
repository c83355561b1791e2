"""A night's messages come as one in the morning, through the whole program."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.app.snapshots import HistoryFilter
from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.text import Text
from metarr_desktop.services.declaration import Delivery, MessageConfig, Service, TestStep
from metarr_desktop.services.notifier import Notifier
from tests.fakes import eventually
from tests.integration.senders import Home

if TYPE_CHECKING:
    from pathlib import Path

    from metarr_desktop.domain.notification import Notification


async def test_what_waited_for_the_morning_comes_as_one_message(tmp_path: Path) -> None:
    told: list[Notification] = []

    class Pen(Notifier[MessageConfig]):
        async def send(self, config: MessageConfig, notification: Notification) -> Delivery:
            told.append(notification)
            return Delivery(detail=Text("Written down."))

        async def test(self, config: MessageConfig) -> list[TestStep]:
            return []

    pen = Service(key="pen", title="Pen", config=MessageConfig, notifier=Pen, docs="docs/x.md")
    home = Home(tmp_path)
    now = home.clock.now().astimezone()
    begins, ends = now - timedelta(hours=1), now + timedelta(hours=2)
    async with home.program(services=(pen,)) as core:
        values: dict[str, str | bool] = {
            "quiet_hours": f"{begins:%H:%M}-{ends:%H:%M}",
            "digest": True,
        }
        await core.commands.save_service("pen", Draft(values=values), enabled=True)
        for source, event in (
            ("radarr", "Download"),
            ("sonarr", "Download"),
            ("radarr", "ManualInteractionRequired"),
        ):
            await core.commands.send_test(source, event=event)

        async def one_is_told() -> bool:
            waiting = await core.queries.jobs()
            home.clock.advance(2)  # an episode waits for more of its download first
            return bool(told) and ["Quiet hours" in str(each.reason) for each in waiting] == [True, True]

        await eventually(one_is_told)
        assert "waits for you" in told.pop().title  # a problem is told at once, and not again
        home.clock.advance(timedelta(hours=2, minutes=1))
        await home.let_pass(core)
        (digest,) = told
        assert digest.title == f"2 messages since {begins:%H:%M}"
        assert len(digest.body.splitlines()) == 2
        history = (await core.queries.history(HistoryFilter())).rows
        sent = [row.record for row in history if row.record.type == "notify-pen"]
        assert [each.result.get("merged_into") is not None for each in sent].count(True) == 1
        assert len(sent) == 3
