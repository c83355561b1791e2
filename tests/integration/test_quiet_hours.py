"""Messages that come in quiet hours wait for their end, with the reason, through the whole program."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from metarr_desktop.app.core import open_core
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.domain.clock import SystemClock
from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.text import Text
from metarr_desktop.services.declaration import Delivery
from tests.fakes import MemorySecretStore, eventually

if TYPE_CHECKING:
    from pathlib import Path

    from metarr_desktop.domain.notification import Notification


async def test_a_message_waits_for_the_end_and_neither_a_problem_nor_a_person_does(
    tmp_path: Path,
) -> None:
    now = SystemClock().now().astimezone()
    hours = f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=2):%H:%M}"
    async with open_core(
        AppPaths(tmp_path / "data"), serve=True, port=0, secrets=MemorySecretStore()
    ) as core:
        address = f"https://discord.com/api/webhooks/{1:018}/{'a' * 68}"
        draft = Draft(values={"quiet_hours": hours}, secrets={"webhook_url": address})
        await core.commands.save_service("discord", draft, enabled=True)
        sent = list[str]()

        async def send(_config: object, notification: Notification) -> Delivery:
            sent.append(notification.title)
            return Delivery(detail=Text("Accepted."))

        commands: Any = core.commands
        commands._desk._notifiers["discord"].send = send
        await core.commands.send_test("radarr")

        async def waits() -> bool:
            return [str(job.reason) for job in await core.queries.jobs()] == [
                f"Quiet hours until {hours[-5:]}."
            ]

        await eventually(waits)
        (job,) = await core.queries.jobs()
        assert (job.retry_count, job.deferrals) == (0, 1)
        assert timedelta(hours=1, minutes=58) < job.run_after - now < timedelta(hours=2, minutes=1)
        await core.commands.send_test("radarr", event="ManualInteractionRequired")

        async def is_told() -> bool:
            return len(sent) == 1

        await eventually(is_told)
        assert "waits for you" in sent[0]
        await core.commands.send_test("radarr")

        async def wait_two() -> bool:
            return len([job for job in await core.queries.jobs() if job.reason is not None]) == 2

        await eventually(wait_two)
        await core.commands.run_now(job.id)

        async def one_is_left() -> bool:
            return len(await core.queries.jobs()) == 1

        await eventually(one_is_left)
        assert len(sent) == 2
        (left,) = await core.queries.jobs()
        assert str(left.reason) == f"Quiet hours until {hours[-5:]}."
