"""Every declared service over a server that obeys a script: what becomes of the job, and who is asked."""

from __future__ import annotations

import logging
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.snapshots import HistoryFilter
from metarr_desktop.domain.jobs import EndStatus
from metarr_desktop.domain.schedules import DRILL
from metarr_desktop.services.registry import SERVICES, service
from tests.certificates import self_signed
from tests.contract.services.cases import CASES, ELSEWHERE
from tests.contract.services.world import Case, ScriptedServer, World, opened
from tests.fakes import START, FakeClock, eventually
from tests.fakes_http import CUT_OFF, DRIP, DROP, HANG, Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from metarr_desktop.app.snapshots import JobDetail
    from metarr_desktop.domain.jobs import JobRecord

ROOT = Path(__file__).resolve().parents[3]
HUGE = 6 * 1024 * 1024
SERVER_ERROR = Reply(status=500, body=b"<h1>500</h1>")
LOGIN_PAGE = Reply.of_html("<html><title>Log in</title></html>")


@pytest.fixture(params=CASES, ids=lambda case: case.key)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
async def world(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[World]:
    """Run the program, and look for every secret in what it leaves behind."""
    caplog.set_level(logging.DEBUG)
    clock = FakeClock()
    async with ScriptedServer(case, clock) as server:
        async with opened(case, tmp_path, server=server, clock=clock, environment=monkeypatch) as world:
            yield world
            for secret in case.hush:
                assert world.files_hold(secret) == []
        for secret in case.hush:
            assert world.files_hold(secret) == []
            assert secret not in caplog.text


def outcomes(detail: JobDetail) -> list[str]:
    return [attempt.outcome.value for attempt in detail.attempts]


def ended(detail: JobDetail) -> EndStatus | None:
    return None if detail.record is None else detail.record.status


def test_every_service_is_held_to_these_rules() -> None:
    assert {case.key for case in CASES} | set(ELSEWHERE) == {each.key for each in SERVICES}
    for key, tests in ELSEWHERE.items():
        assert key not in {case.key for case in CASES}
        assert (ROOT / tests).is_file()


async def test_a_success_is_one_request(world: World) -> None:
    detail = await world.deliver()
    assert (ended(detail), len(world.server.at)) == (EndStatus.COMPLETED, 1)


@pytest.mark.parametrize("kind", ["unauthorised", "forbidden"])
async def test_a_rejected_key_is_asked_once_and_a_passing_test_delivers(world: World, kind: str) -> None:
    world.server.faults.append(getattr(world.case, kind))
    detail = await world.deliver()
    assert (ended(detail), outcomes(detail)) == (None, ["blocked"])
    await world.tell()
    world.clock.advance(timedelta(hours=6))
    assert len(world.server.at) == 1
    report = await world.core.commands.test_service(world.case.key)
    assert report.ok, report
    assert report.released >= 1
    detail = await world.go_on()
    assert ended(detail) is EndStatus.COMPLETED
    assert detail.record is not None
    assert detail.record.retry_count == 0


async def test_what_is_not_there_is_not_asked_for_again(world: World) -> None:
    asked = 2 if world.case.looks_again else 1
    world.server.faults += [world.case.missing] * asked
    detail = await world.deliver()
    assert ended(detail) is (None if world.case.missing_blocks else EndStatus.FAILED)
    assert len(world.server.at) == asked


async def test_a_refusal_fails_at_once_in_the_words_of_the_service(world: World) -> None:
    world.server.faults.append(world.case.refusal)
    detail = await world.deliver()
    assert (ended(detail), outcomes(detail), len(world.server.at)) == (EndStatus.FAILED, ["failed"], 1)
    assert detail.record is not None
    assert detail.record.error is not None
    assert not any(secret in str(detail.record.error) for secret in world.case.hush)


@pytest.mark.parametrize(
    ("asked", "least"),
    [
        ("90", 90.0),
        ("1.5", 1.5),
        (format_datetime(START + timedelta(seconds=120), usegmt=True), 118.0),
        ("soon", 30.0),
    ],
    ids=["seconds", "decimal", "date", "nonsense"],
)
async def test_a_rate_limit_is_kept_and_uses_no_retry(world: World, asked: str, least: float) -> None:
    limited = Reply.of_json({"message": "slow down"}, status=429, headers={"Retry-After": asked})
    world.server.faults.append(limited)
    detail = await world.deliver()
    assert (ended(detail), outcomes(detail)) == (EndStatus.COMPLETED, ["retry", "done"])
    (gap,) = world.server.gaps
    if asked.endswith("GMT"):
        gap = (world.server.at[1] - START).total_seconds()
    assert least <= gap < least + 61
    assert detail.record is not None
    assert detail.record.retry_count == 0


async def test_two_server_errors_and_then_a_success_are_three_requests(world: World) -> None:
    world.server.faults += [SERVER_ERROR, SERVER_ERROR]
    detail = await world.deliver()
    assert (ended(detail), outcomes(detail)) == (EndStatus.COMPLETED, ["retry", "retry", "done"])
    declared = next(each for each in SERVICES if each.key == world.case.key)
    for gap, delay in zip(world.server.gaps, declared.retry.delays, strict=False):
        least = max(delay.total_seconds() * 0.8, declared.retry.minimum.total_seconds())
        assert least <= gap <= delay.total_seconds() * 1.2 + 30


async def test_a_server_that_stays_broken_is_given_up_after_all_retries(world: World) -> None:
    world.server.faults += [SERVER_ERROR] * 9
    detail = await world.deliver()
    declared = next(each for each in SERVICES if each.key == world.case.key)
    runs = declared.retry.max_retries + 1
    assert (ended(detail), len(world.server.at)) == (EndStatus.FAILED, runs)
    assert outcomes(detail) == ["retry"] * (runs - 1) + ["failed"]


@pytest.mark.parametrize("fault", [HANG, DROP, CUT_OFF, DRIP])
async def test_what_breaks_off_is_tried_again(world: World, fault: str) -> None:
    """No answer in time, a reset before and in the middle of the answer, and one that never ends."""
    world.server.faults.append(Reply(fault=fault))
    detail = await world.deliver()
    assert (ended(detail), len(world.server.at)) == (EndStatus.COMPLETED, 2)


async def test_an_answer_too_large_to_read_ends_it(world: World) -> None:
    world.server.faults.append(Reply(body=b" " * HUGE, headers={"Content-Type": "application/json"}))
    detail = await world.deliver()
    assert (ended(detail), len(world.server.at)) == (EndStatus.FAILED, 1)


async def test_a_page_of_html_is_no_success(world: World) -> None:
    world.server.faults += [LOGIN_PAGE] * 9
    detail = await world.deliver()
    if world.case.takes_any_success:
        assert ended(detail) is EndStatus.COMPLETED
    else:
        assert ended(detail) is EndStatus.FAILED


async def test_a_redirect_of_a_delivery_is_not_followed(world: World) -> None:
    world.server.faults.append(Reply(status=302, headers={"Location": "/login?next=hush"}))
    before = len(world.server.requests)
    detail = await world.deliver()
    assert (ended(detail), len(world.server.at)) == (EndStatus.FAILED, 1)
    assert all(request.path != "/login" for request in world.server.requests[before:])
    assert detail.record is not None
    assert "redirects" in str(detail.record.error)


async def test_a_certificate_nobody_vouches_for_ends_it(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not case.speaks_https:
        pytest.skip(f"{case.key} is spoken to without TLS")
    clock, server = FakeClock(), None
    server = ScriptedServer(case, clock)
    server.tls = self_signed(tmp_path)
    async with server, opened(case, tmp_path, server=server, clock=clock, environment=monkeypatch) as world:
        detail = await world.deliver()
    assert (ended(detail), server.at) == (EndStatus.FAILED, [])
    assert detail.record is not None
    assert "Certificate not trusted" in str(detail.record.error)


async def test_a_test_of_the_settings_delivers_nothing(world: World) -> None:
    report = await world.core.commands.test_service(world.case.key)
    assert report.ok, report
    assert world.server.at == []
    assert world.server.wrong == []


async def drilled(world: World) -> JobRecord:
    """Run a drill; returns how it ended."""
    job_id = await world.core.commands.run_schedule(DRILL.name)
    found: list[JobRecord] = []

    async def over() -> bool:
        world.clock.advance(2)
        rows = (await world.core.queries.history(HistoryFilter())).rows
        found[:] = [row.record for row in rows if row.record.job_id == job_id]
        return bool(found)

    await eventually(over, within=60.0)
    return found[0]


async def test_a_drill_tries_the_service_and_delivers_nothing(world: World) -> None:
    record = await drilled(world)
    assert record.status is EndStatus.COMPLETED, record.error
    assert record.result["answered"] == [service(world.case.key).title]
    assert world.server.at == []
    assert world.server.wrong == []


async def test_a_drill_without_an_answer_fails_unless_the_service_may_be_switched_off(world: World) -> None:
    await world.server.__aexit__()
    record = await drilled(world)
    declared = service(world.case.key)
    if declared.retry.patient:
        assert record.status is EndStatus.COMPLETED, record.error
        assert (record.result["answered"], record.result["asleep"]) == ([], [declared.title])
    else:
        assert record.status is EndStatus.FAILED
        assert str(record.error).startswith(f"Drill: {declared.title}: ")
