from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.database_choice import parse_choice
from metarr_desktop.app.database_opening import open_database
from metarr_desktop.app.lock import AlreadyRunning, DataFolderLock
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.domain.bus import Bus

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
