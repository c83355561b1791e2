from __future__ import annotations

import asyncio
import contextlib
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.database_choice import parse_choice
from metarr_desktop.app.database_opening import LOOK_AGAIN_S, clock_of, keep_to_server, open_database
from metarr_desktop.app.lock import AlreadyRunning, DataFolderLock
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.domain.bus import Bus
from metarr_desktop.domain.clock import ShiftedClock
from metarr_desktop.storage.database import postgres_database
from tests.fakes import FakeClock, until

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _folder(paths: AppPaths) -> None:
    paths.prepare()


async def opened(address: str, paths: AppPaths, stack: AsyncExitStack) -> None:
    choice = parse_choice(address, paths)
    await open_database(choice, stack, bus=Bus(), sender="here", serve=True)


@pytest.mark.parametrize("through_link", [False, True])
async def test_the_file_of_another_data_folder_is_not_served_while_its_program_runs(
    paths: AppPaths, tmp_path: Path, through_link: bool
) -> None:
    other = AppPaths(data_dir=tmp_path / "other")
    other.prepare()
    link = tmp_path / "link"
    link.symlink_to(other.data_dir, target_is_directory=True)
    serving = DataFolderLock(other.lock)
    await serving.acquire(serving=True)
    folder = link if through_link else other.data_dir
    async with AsyncExitStack() as stack:
        with pytest.raises(AlreadyRunning):
            await opened(f"sqlite:///{folder}/metarr.db", paths, stack)
        serving.release()
        await opened(f"sqlite:///{folder}/metarr.db", paths, stack)
        with pytest.raises(AlreadyRunning):
            await DataFolderLock(other.lock).acquire(serving=True)


async def test_two_files_of_one_folder_are_served_beside_each_other_and_each_once(
    paths: AppPaths, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        await opened(f"sqlite:///{tmp_path}/one.db", paths, stack)
        await opened(f"sqlite:///{tmp_path}/two.db", paths, stack)
        with pytest.raises(AlreadyRunning):
            await opened(f"sqlite:///{tmp_path}/one.db", paths, stack)


async def test_the_own_file_named_through_a_link_is_the_own_file(paths: AppPaths, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(paths.data_dir, target_is_directory=True)
    assert not parse_choice(f"sqlite:///{link}/metarr.db", paths).own


async def test_the_server_is_gone_by_though_this_computers_clock_is_set_meanwhile(postgres_url: str) -> None:
    database, here = postgres_database(postgres_url), FakeClock()
    clock = await clock_of(database, here)
    assert isinstance(clock, ShiftedClock)
    assert abs(clock.now() - datetime.now(tz=UTC)) < timedelta(seconds=30)
    keeping = asyncio.ensure_future(keep_to_server(database, clock))
    try:
        await until(lambda: here.sleeping == 1)
        here.jump(timedelta(days=1))
        here.advance(LOOK_AGAIN_S)
        await until(lambda: here.sleeping == 1)
        assert abs(clock.now() - datetime.now(tz=UTC)) < timedelta(seconds=30)
    finally:
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping
        await database.close()
