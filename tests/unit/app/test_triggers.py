from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.app.scan_requests import ScanRequest
from metarr_desktop.app.triggers import MOST_FOLDERS, Triggers
from metarr_desktop.domain.errors import Refused, StorageFailed, Transient
from tests.unit.webhooks.listening import KEY, Listening, digest, listen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ADDRESS = f"/triggers/manual?apikey={KEY}"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Scans:
    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.full = False

    async def request(self, path: str, *, origin: str, remote_address: str = "") -> ScanRequest:
        if self.full:
            raise StorageFailed("The disk is full.")
        if path.startswith("/hanging"):
            raise Transient(f"{path} does not answer.")
        if path.startswith("/etc"):
            raise Refused(f"{path} is in no library folder.")
        self.asked.append((path, origin, remote_address))
        return ScanRequest(event_id=len(self.asked), job_id=100, folder=path, title=path[1:])


@pytest.fixture
def scans() -> Scans:
    return Scans()


@pytest.fixture
async def listening(scans: Scans) -> AsyncIterator[Listening]:
    parts: dict[str, Any] = {"scans": scans}
    async with listen(extra=[Triggers(digests=lambda: [digest(KEY)], **parts)]) as running:
        yield running


async def test_folders_of_address_and_form_are_taken_each_once(listening: Listening, scans: Scans) -> None:
    status, answer = await listening.send(
        f"{ADDRESS}&dir=/a%20b&dir=/c", data=b"dir=%2Fd&dir=/c&other=1", headers=FORM
    )
    assert status == 200
    assert scans.asked == [(path, "trigger", "127.0.0.1") for path in ("/a b", "/c", "/d")]
    assert answer["scans"][0] == {"dir": "/a b", "title": "a b", "eventId": 1, "jobId": 100}
    assert answer["refused"] == []


async def test_some_refused_folders_do_not_keep_the_others_back(listening: Listening, scans: Scans) -> None:
    status, answer = await listening.send(f"{ADDRESS}&dir=/etc&dir=/c")
    assert (status, [scan["dir"] for scan in answer["scans"]]) == (200, ["/c"])
    assert answer["refused"] == [{"dir": "/etc", "error": "/etc is in no library folder."}]
    status, answer = await listening.send(f"{ADDRESS}&dir=/etc")
    assert (status, answer["error"]) == (400, "/etc is in no library folder.")


@pytest.mark.parametrize("key", ["", "?apikey=wrong", "?dir=/c"])
async def test_without_the_key_nothing_is_taken_from_this_computer_either(
    listening: Listening, scans: Scans, key: str
) -> None:
    assert (await listening.send(f"/triggers/manual{key}"))[0] == 401
    assert scans.asked == []


async def test_web_pages_are_refused_whatever_key_they_have(listening: Listening) -> None:
    status, _ = await listening.send(f"{ADDRESS}&dir=/c", headers={"Origin": "http://localhost"})
    assert status == 403


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_only_post_does_something(listening: Listening, scans: Scans, method: str) -> None:
    status, answer = await listening.send(f"{ADDRESS}&dir=/c", method=method)
    assert (status, answer["error"], scans.asked) == (405, "Use POST here.", [])


@pytest.mark.parametrize("path", ["/triggers", "/triggers/sonarr", "/triggers/manual/x"])
async def test_there_is_only_one_form(listening: Listening, path: str) -> None:
    assert (await listening.send(f"{path}?apikey={KEY}&dir=/c"))[0] == 404


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("", b""),
        ("&dir=", b""),
        ("&dir=%20", b"dir="),
        ("".join(f"&dir=/{n}" for n in range(MOST_FOLDERS + 1)), b""),
        ("", b"dir=%ff"),
        ("", b"\xff"),
        ("", b"dir=/a&" * 3_000),
        ("", b"x" * 1_000_001),
    ],
)
async def test_what_is_no_form_is_refused_with_a_sentence(
    listening: Listening, scans: Scans, query: str, body: bytes
) -> None:
    status, answer = await listening.send(f"{ADDRESS}{query}", data=body, headers=FORM)
    assert (status, scans.asked) == (400, [])
    assert answer["error"].endswith((".", "dir=/films/Dune"))


async def test_what_cannot_be_stored_is_to_be_sent_again(listening: Listening, scans: Scans) -> None:
    scans.full = True
    assert (await listening.send(f"{ADDRESS}&dir=/c"))[0] == 503


async def test_a_share_that_hangs_keeps_no_other_folder_back(listening: Listening, scans: Scans) -> None:
    status, answer = await listening.send(f"{ADDRESS}&dir=/hanging/a&dir=/c")
    assert (status, [scan["dir"] for scan in answer["scans"]]) == (200, ["/c"])
    assert answer["refused"] == [{"dir": "/hanging/a", "error": "/hanging/a does not answer."}]
    status, answer = await listening.send(f"{ADDRESS}&dir=/hanging/a&dir=/etc")
    assert (status, answer["error"]) == (503, "/hanging/a does not answer.")


async def test_before_there_is_a_key_it_says_how_to_make_one(scans: Scans) -> None:
    parts: dict[str, Any] = {"scans": scans}
    async with listen(extra=[Triggers(digests=tuple, **parts)]) as running:
        status, answer = await running.send("/triggers/manual?dir=/c")
    assert status == 401
    assert "metarr-desktop receiving new-key" in answer["error"]
