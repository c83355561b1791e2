from __future__ import annotations

from typing import Any

from metarr_desktop.domain.events import Action, EventKind, MediaEvent, MediaKind
from metarr_desktop.domain.routing import Route, Routes
from metarr_desktop.domain.senders import Sender
from metarr_desktop.services.registry import SERVICES
from metarr_desktop.webhooks.summary import notice, summaries

SENDER = Sender(id=1, type="radarr", name="Radarr")


def film(title: str, **changes: Any) -> MediaEvent:
    return MediaEvent(
        source="radarr",
        kind=MediaKind.MOVIE,
        action=Action.IMPORTED,
        title=title,
        folder=f"/movies/{title}",
        instance="Radarr",
        **changes,
    )


def told(events: list[MediaEvent], *, enabled: set[str], routes: Routes | None = None) -> dict[str, Any]:
    jobs = summaries(
        events,
        sender=SENDER,
        services=SERVICES,
        enabled=frozenset(enabled),
        routes=routes or Routes(),
        expires_after=None,
    )
    return {job.lane: job.payload["event"] for job in jobs}


def test_people_are_told_once_and_media_servers_are_not() -> None:
    events = [film("Dune"), film("Alien")]
    summary = told(events, enabled={"discord", "kodi"})
    assert set(summary) == {"discord"}
    assert summary["discord"]["subject"] == "2 imports while Metarr Desktop was off"
    assert summary["discord"]["message"] == "Dune\nAlien"


def test_who_is_not_told_of_imports_is_told_nothing() -> None:
    never = Routes(stored={("discord", "radarr"): Route(events=frozenset({EventKind.HEALTH}))})
    assert told([film("Dune")], enabled={"discord"}, routes=never) == {}
    assert told([], enabled={"discord"}) == {}


def test_at_most_ten_are_named() -> None:
    ten = notice([film(str(number)) for number in range(10)], sender=SENDER)
    assert ten.message.splitlines()[-1] == "9"
    eleven = notice([film(str(number)) for number in range(11)], sender=SENDER)
    assert eleven.message.splitlines()[-2:] == ["9", "and 1 more"]
