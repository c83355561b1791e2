from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.domain.events import Notice, NoticeKind
from metarr_desktop.storage.issue_store import IssueStore
from tests.fakes import START

if TYPE_CHECKING:
    from metarr_desktop.storage.database import Database


def complaint(**changes: Any) -> Notice:
    values: dict[str, Any] = {
        "source": "radarr",
        "kind": NoticeKind.HEALTH,
        "message": "Missing root folder: /movies/",
        "instance": "Radarr",
        "level": "error",
        "type": "RootFolderCheck",
        "link": "https://wiki.servarr.com",
    }
    return Notice(**(values | changes))


def good_news(**changes: Any) -> Notice:
    return complaint(kind=NoticeKind.RESTORED, level="ok", **changes)


class Heard:
    """Notes what is said, each a minute after the one before."""

    def __init__(self, store: IssueStore) -> None:
        self.store = store

    async def __call__(self, event_id: int, notice: Notice) -> bool:
        return await self.store.note(event_id, notice, now=START + timedelta(minutes=event_id))


@pytest.fixture
def issues(any_database: Database) -> IssueStore:
    return IssueStore(any_database)


@pytest.fixture
def heard(issues: IssueStore) -> Heard:
    return Heard(issues)


async def test_a_complaint_is_news_once_until_it_is_resolved(issues: IssueStore, heard: Heard) -> None:
    assert await heard(1, complaint())
    assert not await heard(2, complaint(level="warning"))
    (issue,) = await issues.open()
    assert (issue.message, issue.level) == ("Missing root folder: /movies/", "warning")
    assert (issue.since, issue.last_seen) == (START + timedelta(minutes=1), START + timedelta(minutes=2))
    assert await heard(3, good_news())
    assert await issues.open() == ()
    assert not await heard(4, good_news())
    assert await heard(5, complaint())
    assert [issue.since for issue in await issues.open()] == [START + timedelta(minutes=5)]


@pytest.mark.parametrize(
    "other",
    [{"instance": "Radarr 4K"}, {"source": "sonarr"}, {"message": "Missing: /x"}, {"type": "UpdateCheck"}],
)
async def test_another_sender_type_or_message_is_another_complaint(
    issues: IssueStore, heard: Heard, other: dict[str, Any]
) -> None:
    assert await heard(1, complaint())
    assert await heard(2, complaint(**other))
    assert len(await issues.open()) == 2


async def test_the_same_name_in_another_case_is_the_same_sender(heard: Heard) -> None:
    await heard(1, complaint())
    assert not await heard(2, complaint(instance="RADARR", type="rootfoldercheck"))


async def test_good_news_in_other_words_resolves_all_of_its_type(issues: IssueStore, heard: Heard) -> None:
    await heard(1, complaint(message="Missing: /a"))
    await heard(2, complaint(message="Missing: /b"))
    await heard(3, complaint(type="UpdateCheck"))
    await heard(4, complaint(instance="Radarr 4K", message="Missing: /a"))
    assert await heard(5, good_news(message="All is well"))
    assert [(issue.instance, issue.type) for issue in await issues.open()] == [
        ("Radarr", "UpdateCheck"),
        ("Radarr 4K", "RootFolderCheck"),
    ]


async def test_good_news_resolves_what_a_check_said_before_its_sender_was_started_again(
    heard: Heard, issues: IssueStore
) -> None:
    await heard(1, complaint(message="Missing: /a"))
    await heard(2, complaint(message="Missing: /a, /b"))
    assert await heard(3, good_news(message="Missing: /a, /b", instance="radarr"))
    assert await issues.open() == ()
    assert await heard(4, complaint(message="Missing: /a"))


async def test_good_news_of_a_check_without_a_name_resolves_the_same_words_alone(
    issues: IssueStore, heard: Heard
) -> None:
    await heard(1, complaint(message="Missing: /a", type=""))
    await heard(2, complaint(message="Missing: /b", type=""))
    assert await heard(3, good_news(message="Missing: /b", type="", instance="radarr"))
    assert [issue.message for issue in await issues.open()] == ["Missing: /a"]


async def test_good_news_of_a_sender_in_another_case_resolves_its_type(
    issues: IssueStore, heard: Heard
) -> None:
    await heard(1, complaint())
    assert await heard(2, good_news(message="Fine", instance="RADARR", type="rootfoldercheck"))
    assert await issues.open() == ()


async def test_what_a_sender_does_not_complain_of_any_more_is_resolved(
    issues: IssueStore, heard: Heard
) -> None:
    await heard(1, complaint())
    await heard(2, complaint(type="UpdateCheck"))
    await heard(3, complaint(instance="Radarr 4K"))
    await heard(4, complaint(source="sonarr"))
    assert await issues.resolve_others("radarr", "RADARR", ["updatecheck"], now=START) == 1
    assert [(each.source, each.instance, each.type) for each in await issues.open()] == [
        ("radarr", "Radarr", "UpdateCheck"),
        ("radarr", "Radarr 4K", "RootFolderCheck"),
        ("sonarr", "Radarr", "RootFolderCheck"),
    ]
    assert await issues.resolve_others("radarr", "Radarr", ["UpdateCheck"], now=START) == 0
    assert await heard(5, complaint())


async def test_asked_again_for_the_same_event_the_answer_is_the_same(heard: Heard) -> None:
    assert [await heard(1, complaint()) for _ in range(3)] == [True, True, True]
    assert [await heard(2, complaint()) for _ in range(3)] == [False, False, False]
    assert [await heard(3, good_news(message="Fine")) for _ in range(3)] == [True, True, True]
    assert [await heard(4, good_news()) for _ in range(3)] == [False, False, False]


async def test_what_is_resolved_or_not_heard_of_any_more_is_forgotten(
    issues: IssueStore, heard: Heard
) -> None:
    await heard(1, complaint(message="a"))
    await heard(2, complaint(message="b", type="UpdateCheck"))
    await heard(3, good_news(message="b", type="UpdateCheck"))
    await heard(9, complaint(message="c"))
    assert await issues.forget_before(START + timedelta(minutes=3)) == 1
    assert await issues.forget_before(START + timedelta(minutes=4)) == 1
    assert [issue.message for issue in await issues.open()] == ["c"]
