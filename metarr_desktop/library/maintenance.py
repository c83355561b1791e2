"""The nightly clean-up: one step after another, each on its own."""

from __future__ import annotations

import logging
import re
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import MetarrError, Permanent, StorageFailed
from metarr_desktop.domain.outcomes import Done
from metarr_desktop.domain.text import Text, text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from pathlib import Path

    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.jobs.handlers import Report

logger = logging.getLogger(__name__)

ABANDONED_AFTER = timedelta(days=1)
TEMPORARY = re.compile(r"(control|metarr)[^/]*\.(new|part|tmp)(-wal|-shm|-journal)?")
"""Names of files that we write beside the real ones and put in their place when they are whole."""
NOTHING = Text("Nothing had to be removed.")
OUR_FAULT = Text("Metarr Desktop failed on this step. The log has the details.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a step did: ``detail`` is silent where that is nothing, ``removed`` counts by kind."""

    detail: Text | None = None
    removed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step; ``key`` names it in the job's result, ``title`` to a person."""

    key: str
    title: Text
    run: Callable[[], Awaitable[Swept]]


class CleanUp:
    """Handler of ``scheduled-cleanup``. A step that fails is told, and keeps no other one from its work."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self._steps = tuple(steps)

    async def __call__(self, _job: Job, report: Report) -> Done:
        """Run every step. Raises Permanent, with what was done and what was not, where one failed."""
        done, failed = list[str](), list[str]()
        removed: dict[str, int] = {}
        for number, step in enumerate(self._steps):
            report(number, len(self._steps), step.title)
            swept, problem = await _run(step)
            removed.update(swept.removed)
            if swept.detail is not None:
                done.append(str(swept.detail))
            if problem is not None:
                failed.append(f"{step.title}: {problem}")
        if not any(removed.values()):
            done.insert(0, str(NOTHING))
        if failed:
            raise Permanent(
                text(
                    "Not everything could be cleaned up. {problems} Apart from that: {done}",
                    problems=" ".join(failed),
                    done=" ".join(done),
                )
            )
        steps = [step.key for step in self._steps]
        return Done(detail=text("{done}", done=" ".join(done)), result={"removed": removed, "steps": steps})


async def _run(step: Step) -> tuple[Swept, Text | None]:
    try:
        return await step.run(), None
    except MetarrError as error:
        logger.warning("%s: %s", step.title, error)
        return Swept(), error.text
    except Exception:
        # Caught here as the worker does for a whole job: the other steps have nothing to do with it.
        logger.exception("%s failed on an error of our own", step.title)
        return Swept(), OUR_FAULT


def remove_temporary_files(folders: Iterable[Path], *, now: datetime) -> int:
    """Remove files of ours that a killed program left unfinished a day ago; returns how many.

    Blocking: call it from a thread. Raises StorageFailed.
    """
    removed = 0
    for folder in folders:
        try:
            for path in list(folder.iterdir()) if folder.is_dir() else []:
                if TEMPORARY.fullmatch(path.name) and _is_abandoned(path, now=now):
                    path.unlink(missing_ok=True)
                    removed += 1
        except OSError as error:
            raise StorageFailed(
                text(
                    "Unfinished files in {folder} cannot be removed: {detail}. Check who may write there.",
                    folder=str(folder),
                    detail=error.strerror or str(error),
                )
            ) from error
    return removed


def _is_abandoned(path: Path, *, now: datetime) -> bool:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    age = now - datetime.fromtimestamp(found.st_mtime, tz=UTC)
    return stat.S_ISREG(found.st_mode) and age > ABANDONED_AFTER
