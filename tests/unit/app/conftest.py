"""The program's core on a fresh data folder, without listener and workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.core import Core, open_core
from metarr_desktop.app.paths import AppPaths
from tests.fakes import FakeClock, MemorySecretStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
def paths(tmp_path: Path) -> AppPaths:
    return AppPaths(tmp_path / "data")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def secrets() -> MemorySecretStore:
    return MemorySecretStore()


@pytest.fixture
async def core(paths: AppPaths, clock: FakeClock, secrets: MemorySecretStore) -> AsyncIterator[Core]:
    async with open_core(paths, serve=False, clock=clock, secrets=secrets) as core:
        yield core
