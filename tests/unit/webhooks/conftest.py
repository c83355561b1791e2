"""The listener that tests of this folder send to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.webhooks.listening import Listening, listen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def listening() -> AsyncIterator[Listening]:
    """A listener with its ordinary limits, which this computer may call without a key."""
    async with listen() as running:
        yield running
