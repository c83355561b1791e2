"""A delivery that fails for good is shown on this computer's desktop, through the whole program."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from metarr_desktop.app.core import open_core
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.forms import Draft
from tests.fakes import MemorySecretStore, eventually, until
from tests.notification_daemon import daemon_on, session_bus

if TYPE_CHECKING:
    from pathlib import Path

    from metarr_desktop.app.core import Core

__all__ = ["session_bus"]


async def test_a_failed_message_is_shown_once_and_in_a_person_s_own_words(
    tmp_path: Path, session_bus: str
) -> None:
    paths, secrets = AppPaths(tmp_path / "data"), MemorySecretStore()
    async with daemon_on(session_bus) as daemon:
        async with open_core(paths, serve=True, port=0, secrets=secrets) as core:
            await set_up(core)
            await core.commands.set_template("desktop", "undelivered", title="", body="Oh: {message}")
            await core.commands.send_test("radarr")
            await until(lambda: len(daemon.notified) == 1)
            assert daemon.notified == [
                ("Pushover: a delivery failed", "Oh: The Matrix (1999): Message is blank.")
            ]
            await at_rest(core)
        async with open_core(paths, serve=True, port=0, secrets=secrets) as core:
            await at_rest(core)
            (news,) = [each for each in await core.queries.events() if each.source == "metarr"]
            assert news.title == "Pushover: a delivery failed"
            assert len(daemon.notified) == 1


async def test_with_no_desktop_the_job_ends_as_skipped_and_nothing_goes_round(
    tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/nothing")
    async with open_core(
        AppPaths(tmp_path / "data"), serve=True, port=0, secrets=MemorySecretStore()
    ) as core:
        await set_up(core)
        await core.commands.send_test("radarr")

        async def is_skipped() -> bool:
            service = next(each for each in await core.queries.services() if each.key == "desktop")
            return service.last_status == "skipped"

        await eventually(is_skipped)
        await at_rest(core)
        assert [each.source for each in await core.queries.events()] == ["metarr", "radarr"]


async def set_up(core: Core) -> None:
    """Switch both services on; Pushover refuses every message."""
    draft = Draft(secrets={"token": "a" * 30, "user_key": "b" * 30})
    await core.commands.save_service("pushover", draft, enabled=True)
    await core.commands.set_enabled("desktop", True)
    commands: Any = core.commands

    async def refuse(*_: object) -> None:
        raise Permanent("Message is blank.")

    commands._desk._notifiers["pushover"]._notifier.send = refuse


async def at_rest(core: Core) -> None:
    """Wait until nothing is left to do, and a little longer."""

    async def is_empty() -> bool:
        return not await core.queries.jobs()

    await eventually(is_empty)
    await asyncio.sleep(0.2)
    assert await is_empty()
