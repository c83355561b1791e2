"""What the window reads of a queue that several computers share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.app.core import open_core
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.app.snapshots import HistoryFilter
from tests.fakes import MemorySecretStore, eventually

if TYPE_CHECKING:
    from pathlib import Path


async def test_everything_a_window_reads_can_be_read_of_a_shared_database(
    tmp_path: Path, postgres_url: str
) -> None:
    async with open_core(
        AppPaths(tmp_path / "data"),
        serve=True,
        port=0,
        secrets=MemorySecretStore(),
        database_url=postgres_url,
    ) as core:
        queries = core.queries
        assert queries.on_several_computers()
        await core.commands.set_enabled("kodi", enabled=True)
        await core.commands.pause()
        await core.commands.send_test("radarr")

        async def only_kodi_waits() -> bool:
            return [job.type for job in await queries.jobs(limit=5)] == ["notify-kodi"]

        await eventually(only_kodi_waits)
        (waiting,) = await queries.jobs()
        assert await queries.jobs(after=waiting, limit=5) == ()
        (family,) = await queries.families()
        assert (len(family.jobs), len(family.records)) == (1, 2)
        assert [each.root_id for each in await queries.recent()] == [family.root_id]
        detail = await queries.job(waiting.id)
        assert detail.lanes["kodi"].state == "paused"
        assert len(detail.related) == 2
        assert len((await queries.history(HistoryFilter())).rows) == 2
        assert (await queries.status()).queue.pending == 1
        assert await queries.problems() is not None
        assert (await queries.statistics()).total.waiting == 1
