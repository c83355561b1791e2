"""What a person reads in the terminal: plain aligned tables, times of their own zone."""

from __future__ import annotations

import json
import shlex
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

from metarr_desktop.cli.endings import OK

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence


def show(options: argparse.Namespace, value: Any, text: Callable[[Any], str]) -> int:  # noqa: ANN401 - JSON
    """Print a result as JSON where that was asked for, else as ``text`` words it."""
    print(as_json(value) if options.json else text(value))
    return OK


def as_json(value: object) -> str:
    """Indented JSON for scripts and curious people; plain ASCII where the terminal knows no more."""
    anything = (sys.stdout.encoding or "").lower().startswith("utf")
    return json.dumps(value, indent=2, ensure_ascii=not anything)


def table(headings: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> str:
    """Columns as wide as what is in them; ``empty`` where there is nothing."""
    if not rows:
        return empty
    cells = [[printable("" if value is None else str(value)) for value in row] for row in rows]
    widths = [
        max(len(heading), *(len(row[column]) for row in cells)) for column, heading in enumerate(headings)
    ]
    lines = [headings, *cells]
    return "\n".join(
        "  ".join(value.ljust(width) for value, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def printable(value: str) -> str:
    """One line without anything that could move a terminal's cursor or change its colours."""
    return "".join(character if character.isprintable() else " " for character in value)


def local(stamp: str | None) -> str:
    """A public time stamp as this computer's clock shows it."""
    return "" if stamp is None else datetime.fromisoformat(stamp).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def status_text(status: dict[str, Any]) -> str:
    """The program at a glance."""
    listening = status["listening"]
    queue = status["queue"]
    where = f"listening on {listening['host']}:{listening['port']}" if listening else "not receiving webhooks"
    lines = [
        f"Metarr Desktop {status['version']}: "
        + (f"running, {where}" if status["running"] else "not running"),
        f"Queue: {queue['processing']} running, {queue['pending']} waiting"
        + (f", oldest {queue['oldest_pending_s']:.0f} s" if queue["oldest_pending_s"] is not None else ""),
    ]
    if status["paused"]:
        until = local(status["paused_until"])
        lines.append(f"Deliveries are paused until {until}." if until else "Deliveries are paused.")
    return "\n".join(lines) + "\n\n" + services_text(status["services"])


def services_text(services: Sequence[dict[str, Any]]) -> str:
    """Every service with its state."""
    rows = [(each["key"], each["title"], each["state"].replace("_", " "), _detail(each)) for each in services]
    return table(("NAME", "SERVICE", "STATE", "DETAIL"), rows, empty="No services.")


def found_text(report: dict[str, Any]) -> str:
    """What was found on the network, with the words that set it up."""
    rows = [
        (
            each["title"],
            each["name"],
            each["address"],
            "already set up" if each["set_up"] else _set_up_with(each),
        )
        for each in report["found"]
    ]
    return table(("SERVICE", "NAME", "ADDRESS", "SET UP WITH"), rows, empty="Nothing was found.")


def _set_up_with(found: dict[str, Any]) -> str:
    """The command to type. Whoever is in the network chose the words, so a shell gets none of them bare."""
    key, values = found["service"], found["values"]
    if found["adds"]:
        words = [key, "player", "add", "Default", f"name={found['name']}"]
    else:
        words = ["service", "set", key]
    return shlex.join([*words, *(f"{name}={value}" for name, value in values.items())])


def _detail(service: dict[str, Any]) -> str:
    """How it is, behind how many players it has, where that is more than one, and what it takes yet."""
    count = service.get("players") or 0
    told = (f"{count} players." if count > 1 else "", service["detail"], service.get("quota"))
    return " ".join(part for part in told if part)


def choices_text(choices: Sequence[dict[str, str]]) -> str:
    """What some settings of a service may be."""
    rows = [(each["field"], each["value"], each["label"]) for each in choices]
    return table(("FIELD", "VALUE", "MEANING"), rows, empty="Nothing to choose from.")


def statistics_text(statistics: dict[str, Any]) -> str:
    """What waits, runs and lately ended: a table of job types and one of services."""
    types = [("all jobs", statistics["total"]), *((each["type"], each) for each in statistics["types"])]
    services = [(each["key"], each) for each in statistics["services"]]
    return _tallies("JOB TYPE", types) + "\n\n" + _tallies("SERVICE", services)


def _tallies(heading: str, tallies: Sequence[tuple[str, dict[str, Any]]]) -> str:
    rows = [
        (name, each["waiting"], _span(each["oldest_waiting_s"]), each["running"], each["done_24h"],
         each["failed_24h"])
        for name, each in tallies
    ]  # fmt: skip
    return table((heading, "WAITING", "OLDEST", "RUNNING", "DONE 24H", "FAILED 24H"), rows, empty="None.")


def _span(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes = round(seconds) // 60
    if minutes == 0:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"  # noqa: PLR2004


def jobs_text(jobs: Sequence[dict[str, Any]], *, lanes: Sequence[dict[str, Any]] = ()) -> str:
    """The rows of the queue; what waits in a lane that is stopped says why and until when."""
    held = {lane["lane"]: lane for lane in lanes}
    rows = [
        (
            job["id"],
            job["type"],
            _status(job),
            job["priority"],
            f"{job['retry_count']} of {job['max_retries']}",
            local(_next_try(job, held.get(job["lane"]))),
            _reason(job, held.get(job["lane"])),
        )
        for job in jobs
    ]
    headings = ("JOB", "TYPE", "STATUS", "PRIORITY", "RETRIES", "NEXT TRY", "REASON")
    return table(headings, rows, empty="Nothing in the queue.")


def _status(job: dict[str, Any]) -> str:
    progress = job["progress"]
    if progress is None or job["status"] != "processing":
        return str(job["status"])
    return f"{job['status']} {progress['done']} of {progress['total']}"


def _next_try(job: dict[str, Any], lane: dict[str, Any] | None) -> str | None:
    times = [job["run_after"], *([lane["until"]] if lane is not None and lane["until"] else [])]
    return None if job["status"] == "processing" else max(times)


def _reason(job: dict[str, Any], lane: dict[str, Any] | None) -> str | None:
    if job["merged_into"] is not None:
        return f"together with job {job['merged_into']}"
    progress = job["progress"]
    if job["status"] == "processing" and progress is not None and progress["note"]:
        return str(progress["note"])
    waits = job["status"] == "pending" and lane is not None
    found = job["reason"] or (lane["reason"] if waits and lane is not None else None) or job["error"]
    return None if found is None else str(found)


def lanes_text(lanes: Sequence[dict[str, Any]]) -> str:
    """What takes no jobs now."""
    rows = [
        (each["lane"], each["title"], each["state"].replace("_", " "), local(each["until"]), each["reason"])
        for each in lanes
    ]
    headings = ("LANE", "NAME", "STATE", "UNTIL", "REASON")
    return table(headings, rows, empty="Nothing is stopped: every job is run when its turn comes.")


def history_text(rows: Sequence[dict[str, Any]]) -> str:
    """Ended jobs, newest first."""
    lines = [
        (
            local(row["completed_at"]),
            row["job_id"],
            row["event_id"],
            row["type"],
            row["subject"],
            row["status"],
            f"{row['duration_ms'] / 1000:.1f} s",
            row["error"],
        )
        for row in rows
    ]
    headings = ("FINISHED", "JOB", "EVENT", "TYPE", "SUBJECT", "STATUS", "TOOK", "REASON")
    return table(headings, lines, empty="No job has ended yet.")


def events_text(events: Sequence[dict[str, Any]]) -> str:
    """Stored webhooks, newest first."""
    rows = [
        (
            local(each["received_at"]),
            each["id"],
            each["source"],
            each["instance"],
            each["event_type"],
            each["title"],
            each["outcome"],
            "recovered" if each["recovered"] else None,
        )
        for each in events
    ]
    headings = ("RECEIVED", "EVENT", "SOURCE", "INSTANCE", "TYPE", "TITLE", "OUTCOME", "")
    return table(headings, rows, empty="No webhook has come yet.")


def report_text(report: dict[str, Any]) -> str:
    """A connection test, step by step."""
    lines = [
        f"{'ok  ' if step['ok'] else 'FAIL'}  {step['name']}: {step['detail']}" for step in report["steps"]
    ]
    if report["released"]:
        lines.append(f"{report['released']} waiting messages are being sent.")
    return "\n".join(printable(line) for line in lines)
