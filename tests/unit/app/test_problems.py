from __future__ import annotations

from datetime import timedelta
from typing import Any

from metarr_desktop.app.problems import find_problems
from metarr_desktop.app.snapshots import ProblemKind
from metarr_desktop.domain.errors import PortUnavailable
from metarr_desktop.domain.jobs import EndStatus, JobRecord
from metarr_desktop.domain.lanes import BlockCause, LaneState, LaneStop
from metarr_desktop.domain.text import Text, text
from metarr_desktop.library.place import PATH_UNKNOWN
from metarr_desktop.storage.failures import BUSY, DAMAGED, DISK_FULL, READ_ONLY
from metarr_desktop.storage.secrets import KeyringState
from tests.fakes import START


def found(**changes: Any) -> list[tuple[ProblemKind, str]]:
    values: dict[str, Any] = {
        "listener": None,
        "storage": None,
        "keyring": KeyringState.USABLE,
        "stops": (),
        "titles": {"discord": "Discord"},
        "keys": {"discord": "discord"},
        "last_scan": None,
        "port": 3000,
        **changes,
    }
    return [(problem.kind, problem.subject) for problem in find_problems(**values)]


def stop(cause: BlockCause | None, state: LaneState = LaneState.BLOCKED) -> LaneStop:
    return LaneStop(lane="discord", state=state, reason=Text("x"), since=START, cause=cause)


def test_a_quiet_program_has_no_problems() -> None:
    assert found() == []


def test_a_port_that_is_taken_comes_first() -> None:
    problems = found(listener=PortUnavailable("Port 3000 is used."), storage=DISK_FULL)
    assert problems == [(ProblemKind.PORT_IN_USE, "3000"), (ProblemKind.DISK_FULL, "")]
    assert found(listener=PortUnavailable("x", forbidden=True)) == [(ProblemKind.PORT_FORBIDDEN, "3000")]


def test_a_stopped_lane_is_told_by_its_service() -> None:
    assert found(stops=[stop(BlockCause.KEY_REJECTED)]) == [(ProblemKind.KEY_REJECTED, "discord")]
    assert found(stops=[stop(BlockCause.NOT_SET_UP)]) == [(ProblemKind.NOT_SET_UP, "discord")]


def test_a_rate_limit_is_no_problem() -> None:
    assert found(stops=[stop(None, LaneState.RATE_LIMITED)]) == []


def test_the_keyring_is_told_once_for_all_lanes() -> None:
    stops = [stop(BlockCause.KEYRING), stop(BlockCause.KEYRING)]
    assert found(stops=stops, keyring=KeyringState.LOCKED) == [(ProblemKind.KEYRING_LOCKED, "")]
    assert found(stops=stops, keyring=KeyringState.ABSENT) == [(ProblemKind.NO_KEYRING, "")]


def test_a_busy_database_is_not_called_a_full_disk() -> None:
    assert found(storage=BUSY) == [(ProblemKind.DATABASE_BUSY, "")]
    assert found(storage=DAMAGED) == [(ProblemKind.DATABASE_DAMAGED, "")]
    assert found(storage=READ_ONLY) == [(ProblemKind.DATABASE_FAILED, "")]


def test_an_unknown_path_is_told_until_a_scan_succeeds() -> None:
    def scan(status: EndStatus, error: Text | None) -> JobRecord:
        return JobRecord(
            id=1, job_id=1, type="scan-movie", lane="scan", priority=3, status=status, payload={},
            created_at=START, started_at=START, completed_at=START, duration=timedelta(0), root_id=1,
            error=error,
        )  # fmt: skip

    unknown = text(PATH_UNKNOWN, source="Radarr", path="/movies/Dune")
    assert found(last_scan=scan(EndStatus.FAILED, unknown)) == [(ProblemKind.PATH_UNKNOWN, "")]
    assert found(last_scan=scan(EndStatus.FAILED, Text("Something else."))) == []
    assert found(last_scan=scan(EndStatus.COMPLETED, None)) == []


def test_optional_services_have_no_problems_not_even_with_the_keyring() -> None:
    causes = (BlockCause.KEY_REJECTED, BlockCause.NOT_SET_UP, BlockCause.KEYRING)
    stops = [stop(cause) for cause in causes]
    assert len(found(stops=stops, keyring=KeyringState.LOCKED)) == 3
    assert found(stops=stops, optional={"discord"}) == []
    assert len(found(stops=stops, optional={"kodi"})) == 3


def test_films_that_drifted_are_told_by_their_server_last() -> None:
    drift = {"title": "Kodi (Kids)", "astray": 12, "total": 47, "mapped": True}
    assert found(storage=DISK_FULL, drifts={"kodi": drift}) == [
        (ProblemKind.DISK_FULL, ""),
        (ProblemKind.PATH_DRIFT, "kodi"),
    ]
    (problem,) = find_problems(
        listener=None, storage=None, keyring=KeyringState.USABLE, stops=(), titles={}, keys={},
        last_scan=None, port=3000, drifts={"kodi": drift},
    )  # fmt: skip
    assert str(problem.text) == (
        "Kodi (Kids) writes 12 of 47 films under another path than the mapping says."
    )
