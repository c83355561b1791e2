from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.notification import Notification
from metarr_desktop.services.discord_message import change, message, thread_name
from tests.discord_rules import check_change, check_message, units
from tests.fakes import START

WORDS = st.text(max_size=50) | st.sampled_from(
    [
        "",
        " ",
        "\u2028",
        "*" * 9000,
        "\U0001f3ac" * 5000,
        "e\u0301" * 5000,
        "**[a](https://b)** " * 900,
        "\ud800",
    ]
)
EVENT = MediaEvent(source="sonarr", kind=MediaKind.EPISODE, action=Action.IMPORTED, title="", folder="")


@settings(deadline=None)
@given(title=WORDS, body=WORDS, quality=WORDS, name=WORDS, count=st.integers(0, 60), marked=st.booleans())
def test_discord_takes_whatever_is_told(
    title: str, body: str, quality: str, name: str, count: int, marked: bool
) -> None:
    event = replace(EVENT, title=title, quality=quality, overview=body, instance=name, poster_url=name)
    parts = tuple(replace(event, season=1, episodes=(n,), episode_title=f"{n} {body}") for n in range(count))
    told = Notification(title=title, body=body, event=event, events=parts, link=name, marked=marked)
    check_message(message(told, username=name, mention="", timestamp=START.isoformat()) | {"username": "x"})
    check_change(change(told, timestamp=START.isoformat()))
    assert 1 <= units(thread_name("{title}", told)) <= 100
    assert 1 <= units(thread_name(name, told)) <= 100
