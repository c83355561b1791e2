"""The books after a fault: what the tables say of each webhook, each job and each run of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.integration.load import title

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from tests.integration.conftest import Program

POISONED_AT = 3
PLAIN_SETTLED = {"done", "skipped", "failed"}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An ended job with the outcomes of its runs, in order."""

    job_id: int
    event_id: int
    type: str
    status: str
    title: str
    outcomes: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)

    @property
    def crashes(self) -> int:
        return self.outcomes.count("crashed")


class Ledger:
    """Reads the tables once; the checks compare them with what was promised and what arrived."""

    def __init__(self, program: Program) -> None:
        self.queued = program.rows("SELECT COUNT(*) FROM job_queue")[0][0]
        self.titles = dict(program.rows("SELECT id, title FROM webhook_events"))
        self.entries = {
            job_id: Entry(
                job_id=job_id, event_id=event, type=kind, status=status, title=self.titles.get(event, "")
            )
            for job_id, event, kind, status in program.rows(
                "SELECT job_id, event_id, type, status FROM job_history ORDER BY job_id"
            )
        }
        for job_id, number, outcome in program.rows(
            "SELECT job_id, number, outcome FROM job_attempts ORDER BY job_id, number"
        ):
            entry = self.entries[job_id]
            entry.outcomes.append(outcome)
            entry.numbers.append(number)

    @property
    def crashes(self) -> int:
        """Runs that a process left unfinished."""
        return sum(entry.crashes for entry in self.entries.values())

    @property
    def given_up(self) -> frozenset[int]:
        """Webhooks whose own job was given up after three crashes."""
        return frozenset(
            entry.event_id
            for entry in self.entries.values()
            if (entry.type, entry.status) == ("webhook-received", "failed")
            and entry.outcomes == ["crashed"] * POISONED_AT
        )

    def check_families(self, accepted: Mapping[int, int], *, types: Iterable[str]) -> None:
        """What was answered has its body, and one ended job of each type; so has what was stored unheard.

        A webhook whose job was given up, since its process died three times under it, has that job alone.
        """
        expected = Counter(types)
        assert self.queued == 0
        given_up = self.given_up
        wrong = {
            event: number
            for event, number in accepted.items()
            if self.titles.get(event) != ("" if event in given_up else title(number))
        }
        assert not wrong, f"lost or mixed up: {wrong}"
        families: dict[int, Counter[str]] = defaultdict(Counter)
        for entry in self.entries.values():
            families[entry.event_id][entry.type] += 1
        alone = Counter(["webhook-received"])
        broken = {
            event: family
            for event, family in families.items()
            if family != (alone if event in given_up else expected)
        }
        assert not broken, f"families that are not {expected}: {broken}"
        assert families.keys() == self.titles.keys()

    def check_runs(self, *, kills: int, at_once: int, also: Collection[str] = ()) -> None:
        """A job ran once; again only after a run that its process left unfinished, or one of ``also``."""
        for entry in self.entries.values():
            assert entry.numbers == list(range(1, len(entry.numbers) + 1)), entry
            before, last = entry.outcomes[:-1], entry.outcomes[-1:]
            assert set(before) <= {"crashed", *also}, entry
            if last == ["crashed"]:
                assert len(entry.outcomes) == POISONED_AT, entry
                assert entry.status == "failed", entry
            elif last:
                assert set(last) <= PLAIN_SETTLED, entry
                assert entry.crashes < POISONED_AT, entry
            else:
                assert entry.status == "skipped", entry  # it joined another one
        assert self.crashes <= kills * at_once

    def check_arrivals(self, kind: str, arrived: Iterable[str]) -> None:
        """Each message arrived; again only where a run of its job was broken off."""
        counted = Counter(arrived)
        for entry in self.entries.values():
            if entry.type != kind:
                continue
            times = counted.pop(entry.title)
            whole = entry.outcomes[-1:] != ["crashed"]
            assert times <= entry.crashes + whole, f"{entry} arrived {times} times"
            assert times >= 1 or entry.status == "failed", f"{entry} never arrived"
        assert not counted, f"arrived without a job: {counted}"
