"""What a banner tells: found from the state of the parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.app.sender_snapshots import SenderState
from metarr_desktop.app.snapshots import Problem, ProblemKind
from metarr_desktop.domain.jobs import EndStatus
from metarr_desktop.domain.lanes import BlockCause
from metarr_desktop.domain.text import Text, text
from metarr_desktop.library.place import PATH_UNKNOWN
from metarr_desktop.storage.failures import BUSY, DAMAGED, DISK_FULL
from metarr_desktop.storage.secrets import ABSENT, LOCKED, KeyringState
from metarr_desktop.webhooks.catch_up import MISSED, MISSED_ONE
from metarr_desktop.webhooks.sources.arr_client import WRONG_KEY

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from metarr_desktop.app.sender_snapshots import SenderSnapshot
    from metarr_desktop.domain.errors import PortUnavailable
    from metarr_desktop.domain.jobs import JobRecord
    from metarr_desktop.domain.lanes import LaneStop


def find_problems(  # noqa: PLR0913 - one place where all of it is known
    *,
    listener: PortUnavailable | None,
    storage: Text | None,
    keyring: KeyringState,
    stops: Sequence[LaneStop],
    titles: Mapping[str, str],
    keys: Mapping[str, str],
    last_scan: JobRecord | None,
    port: int,
    senders: Sequence[SenderSnapshot] = (),
    optional: Collection[str] = (),
    drifts: Mapping[str, Mapping[str, Any]] | None = None,
) -> tuple[Problem, ...]:
    """List the problems, those that keep webhooks away first; ``optional`` services have none."""
    stops = [stop for stop in stops if keys.get(stop.lane, stop.lane) not in optional]
    found: list[Problem] = []
    if listener is not None:
        kind = ProblemKind.PORT_FORBIDDEN if listener.forbidden else ProblemKind.PORT_IN_USE
        found.append(Problem(kind=kind, text=listener.text, subject=str(port)))
    if storage is not None:
        found.append(storage_problem(storage))
    found += [_lane_problem(stop, titles, keys) for stop in stops if stop.cause in _LANE_KINDS]
    waits = any(each.enabled and each.url for each in senders) and keyring is KeyringState.LOCKED
    if waits or any(stop.cause is BlockCause.KEYRING for stop in stops):
        absent = keyring is KeyringState.ABSENT
        found.append(
            Problem(
                kind=ProblemKind.NO_KEYRING if absent else ProblemKind.KEYRING_LOCKED,
                text=ABSENT if absent else LOCKED,
            )
        )
    if last_scan is not None and last_scan.status is EndStatus.FAILED and _path_unknown(last_scan.error):
        found.append(Problem(kind=ProblemKind.PATH_UNKNOWN, text=last_scan.error or Text("")))
    several = sum(1 for sender in senders if sender.enabled and sender.missed) > 1
    found += [problem for sender in senders for problem in _sender_problems(sender, several=several)]
    found += [_drift_problem(key, drift) for key, drift in (drifts or {}).items()]
    return tuple(found)


DRIFTED = "{service} writes {n} of {total} films under another path than the mapping says."
NOT_MAPPED = "{service} writes {n} of {total} films under another path than it is told. A mapping is missing."


def _drift_problem(key: str, drift: Mapping[str, Any]) -> Problem:
    """Tell what the last comparison of paths found of a media server."""
    sentence = text(
        DRIFTED if drift.get("mapped") else NOT_MAPPED,
        service=str(drift.get("title", key)),
        n=int(drift.get("astray", 0)),
        total=int(drift.get("total", 0)),
    )
    return Problem(kind=ProblemKind.PATH_DRIFT, text=sentence, subject=key)


_LANE_KINDS = {
    BlockCause.KEY_REJECTED: ProblemKind.KEY_REJECTED,
    BlockCause.NOT_SET_UP: ProblemKind.NOT_SET_UP,
}


def _lane_problem(stop: LaneStop, titles: Mapping[str, str], keys: Mapping[str, str]) -> Problem:
    title = titles.get(stop.lane, stop.lane)
    key = keys.get(stop.lane, stop.lane)
    if stop.cause is BlockCause.NOT_SET_UP:
        sentence = text("{service} is not set up. Its messages wait until this is done.", service=title)
        return Problem(kind=ProblemKind.NOT_SET_UP, text=sentence, subject=key)
    sentence = text("{service} rejected its key. Its messages wait until this is fixed.", service=title)
    return Problem(kind=ProblemKind.KEY_REJECTED, text=sentence, subject=key)


KEY_REJECTED = "{sender} rejected its API key. What it cannot tell is not caught up with until this is fixed."
KEY_LACKING = (
    "The API key of {sender} is missing. What it cannot tell is not caught up with until this is fixed."
)


def _sender_problems(sender: SenderSnapshot, *, several: bool) -> list[Problem]:
    found = []
    if sender.state is SenderState.KEY_REJECTED:
        is_lacking = sender.detail is not None and sender.detail.template != WRONG_KEY.template
        sentence = text(KEY_LACKING if is_lacking else KEY_REJECTED, sender=sender.name)
        found.append(Problem(kind=ProblemKind.SOURCE_KEY_REJECTED, text=sentence, subject=sender.name))
    if sender.state in _SENDER_KINDS and sender.detail is not None:
        found.append(Problem(kind=_SENDER_KINDS[sender.state], text=sender.detail, subject=sender.name))
    if sender.enabled and sender.missed:
        template = MISSED_ONE if sender.missed == 1 else MISSED
        template = f"{{sender}}: {template}" if several else template
        sentence = text(template, n=sender.missed, sender=sender.name)
        found.append(Problem(kind=ProblemKind.MISSED, text=sentence, subject=sender.name))
    return found


_SENDER_KINDS = {
    SenderState.ADDRESS_CHANGED: ProblemKind.ADDRESS_CHANGED,
    SenderState.STOPPED_CALLING: ProblemKind.SOURCE_STOPPED,
    SenderState.NOT_CONNECTED: ProblemKind.WEBHOOK_GONE,
}


def storage_problem(problem: Text) -> Problem:
    """What a sentence of the database means for a person."""
    return Problem(kind=_STORAGE_KINDS.get(problem.template, ProblemKind.DATABASE_FAILED), text=problem)


_STORAGE_KINDS = {
    BUSY.template: ProblemKind.DATABASE_BUSY,
    DISK_FULL.template: ProblemKind.DISK_FULL,
    DAMAGED.template: ProblemKind.DATABASE_DAMAGED,
}


def _path_unknown(error: Text | None) -> bool:
    return error is not None and error.template == PATH_UNKNOWN
