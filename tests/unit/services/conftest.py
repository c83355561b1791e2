"""What tests of services share: an Http with short time-outs, and a notification."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.notification import Notification
from metarr_desktop.services.http import Http, Limits
from tests.fakes import FakeClock, MemoryNotes
from tests.fakes_http import FakeServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

FOLDER = "/movies/The Matrix (1999)"


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    limits = Limits(connect=0.5, total=0.5, slow=0.5)
    made = Http(lan=limits, internet=limits)
    yield made
    await made.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def notes() -> MemoryNotes:
    return MemoryNotes()


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    async with FakeServer() as running:
        yield running


@pytest.fixture
def notification() -> Callable[..., Notification]:
    def make(
        *,
        title: str = "The Matrix (1999)",
        body: str = "Downloaded in Bluray-1080p",
        folder: str | None = FOLDER,
        link: str | None = "https://www.themoviedb.org/movie/603",
        kind: MediaKind = MediaKind.MOVIE,
        action: Action = Action.IMPORTED,
        files: tuple[str, ...] = (),
        overview: str = "",
        poster_url: str | None = None,
        quality: str = "Bluray-1080p",
        job: int = 0,
        marked: bool = False,
        **more: Any,
    ) -> Notification:
        event = MediaEvent(
            source="radarr",
            kind=kind,
            action=action,
            title="The Matrix",
            year=1999,
            folder=folder or "",
            files=files,
            overview=overview,
            poster_url=poster_url,
            quality=quality,
            **more,
        )
        return Notification(
            title=title,
            body=body,
            event=event,
            events=(event,),
            folder=folder,
            link=link,
            job_id=job,
            root_id=job,
            marked=marked,
        )

    return make
