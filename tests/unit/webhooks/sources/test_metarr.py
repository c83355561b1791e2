from __future__ import annotations

from typing import Any

import pytest

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.events import EventKind, Ignored, Notice
from metarr_desktop.domain.routing import Route
from metarr_desktop.services.registry import SERVICES
from metarr_desktop.webhooks.fanout import plan
from metarr_desktop.webhooks.sources.metarr import parse


def told(event: str, **more: Any) -> Notice:
    found = parse({"eventType": event, **more})
    assert isinstance(found, Notice)
    return found


def failure(service: str, title: str = "Dune (2021)", reason: str = "It is off.") -> dict[str, str]:
    return {"service": service, "title": title, "reason": reason}


@pytest.mark.parametrize(
    ("failures", "count", "subject"),
    [
        ([failure("Kodi")], 1, "Kodi: a delivery failed"),
        ([failure("Kodi")] * 3, 3, "Kodi: 3 deliveries failed"),
        ([failure("Kodi"), failure("Discord")], 2, "2 deliveries failed"),
        ([failure("")], 1, "A scan failed"),
        ([failure("")] * 2, 2, "2 scans failed"),
        ([], 0, "0 deliveries failed"),
    ],
)
def test_failures_are_counted_and_named(failures: list[Any], count: int, subject: str) -> None:
    assert told("Undelivered", failures=failures, count=count).subject == subject


def test_at_most_ten_are_told_one_by_one() -> None:
    notice = told("Undelivered", failures=[failure("Kodi")] * 20, count=500)
    lines = notice.message.split("\n")
    assert (len(lines), lines[0], lines[-1]) == (11, "Dune (2021): It is off.", "and 490 more")


@pytest.mark.parametrize(
    ("waiting", "words"), [(0, "New messages will wait."), (1, "1 message waits."), (3, "3 messages wait.")]
)
def test_a_rejected_key_says_what_waits(waiting: int, words: str) -> None:
    notice = told("KeyRejected", service="Pushover", waiting=waiting)
    assert (notice.subject, notice.message) == (
        "Pushover needs a new key",
        f"{words} Open settings to fix it.",
    )


def test_a_port_that_is_taken_is_told() -> None:
    assert told("NotReceiving", reason="Port 3000 is used.").message == "Port 3000 is used."


def test_no_rule_about_tags_or_folders_keeps_it_back() -> None:
    notice = told("Undelivered", failures=[failure("Kodi")], count=1)
    strict = Route(
        events=frozenset({EventKind.UNDELIVERED}), include_tags=("kids",), include_paths=("/movies",)
    )
    assert strict.passes(notice, default=frozenset())


def test_by_itself_only_this_computer_s_desktop_is_told() -> None:
    notice = told("Undelivered", failures=[failure("Kodi")], count=1)
    jobs = plan(notice, services=SERVICES, enabled=frozenset(each.key for each in SERVICES), scans=False)
    assert [job.type for job in jobs] == ["notify-desktop"]


def test_anything_else_leads_to_nothing() -> None:
    assert isinstance(parse({"eventType": "Sung"}), Ignored)
    with pytest.raises(Permanent):
        parse({"eventType": "Undelivered", "failures": "all"})
