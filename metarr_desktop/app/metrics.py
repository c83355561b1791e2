"""The program in numbers, in the text format of Prometheus.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.snapshots import LaneSnapshot
    from metarr_desktop.domain.statistics import Statistics

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Sample = tuple["Mapping[str, str]", float]


async def metrics_text(queries: Queries) -> str:
    """Return everything there is to measure now."""
    statistics, lanes = await queries.statistics(), await queries.lanes()
    memory = await asyncio.to_thread(resident_memory)
    listening, paused = queries.listening() is not None, queries.pause().paused
    return "".join(
        (
            _gauge("metarr_info", "The version that runs.", [({"version": queries.version}, 1)]),
            _gauge("metarr_listener_up", "Whether webhooks can arrive.", [({}, int(listening))]),
            _gauge("metarr_paused", "Whether deliveries are paused.", [({}, int(paused))]),
            *_of_jobs(statistics),
            _gauge("metarr_lane_stopped", "Lanes that take no jobs, and why.", map(_stop, lanes)),
            _gauge("process_resident_memory_bytes", "Memory the program takes.", [({}, memory)]),
        )
    )


def resident_memory() -> int:
    """Bytes of this process in memory. Blocking, though only for a moment."""
    import psutil  # noqa: PLC0415 - only who is measured needs it

    return int(psutil.Process().memory_info().rss)


def _of_jobs(statistics: Statistics) -> Iterable[str]:
    total, types = statistics.total, statistics.types
    oldest = 0.0 if total.oldest_waiting is None else (statistics.at - total.oldest_waiting).total_seconds()
    yield _gauge("metarr_queue_pending", "Jobs that wait.", [({}, total.waiting)])
    yield _gauge("metarr_queue_processing", "Jobs that run.", [({}, total.running)])
    yield _gauge(
        "metarr_queue_oldest_waiting_seconds",
        "For how long the job waits that has waited longest; 0 where none does.",
        [({}, max(0.0, round(oldest, 3)))],
    )
    yield _gauge(
        "metarr_jobs",
        "Jobs in the queue by type and status.",
        [
            ({"type": kind, "status": status}, count)
            for kind, tally in types.items()
            for status, count in (("pending", tally.waiting), ("processing", tally.running))
        ],
    )
    yield _gauge(
        "metarr_jobs_ended_24h",
        "Jobs that ended in the last 24 hours, by type and status.",
        [
            ({"type": kind, "status": status}, count)
            for kind, tally in types.items()
            for status, count in (("completed", tally.done), ("failed", tally.failed))
        ],
    )


def _stop(lane: LaneSnapshot) -> Sample:
    return {"lane": lane.lane, "state": str(lane.state)}, 1


def _gauge(name: str, about: str, samples: Iterable[Sample]) -> str:
    lines = [f"# HELP {name} {about}", f"# TYPE {name} gauge"]
    for labels, value in samples:
        told = ",".join(f'{label}="{_escaped(content)}"' for label, content in labels.items())
        lines.append(f"{name}{{{told}}} {value}" if told else f"{name} {value}")
    return "\n".join(lines) + "\n"


def _escaped(content: str) -> str:
    return content.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
