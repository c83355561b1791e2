"""Runs one command and turns its end into an exit status."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from metarr_desktop.app.control_client import CallFailedError, NotRunningError
from metarr_desktop.cli import output
from metarr_desktop.cli.api_commands import API_COMMANDS
from metarr_desktop.cli.database_commands import DATABASE_COMMANDS
from metarr_desktop.cli.endings import (
    DATA_ERROR,
    FAILED,
    NOT_RUNNING,
    OK,
    PORT_IN_USE,
    USAGE,
    UsageError,
)
from metarr_desktop.cli.household_commands import HOUSEHOLD_COMMANDS
from metarr_desktop.cli.library_commands import LIBRARY_COMMANDS
from metarr_desktop.cli.receiving_commands import RECEIVING_COMMANDS
from metarr_desktop.cli.route_commands import ROUTE_COMMANDS
from metarr_desktop.cli.schedule_commands import SCHEDULE_COMMANDS
from metarr_desktop.cli.service_commands import SERVICE_COMMANDS
from metarr_desktop.cli.source_commands import SOURCE_COMMANDS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from metarr_desktop.cli.session import Session

STATUS_OF_KIND = {"port": PORT_IN_USE, "storage": DATA_ERROR}
ACCEPTED = 200


def run_command(options: argparse.Namespace, *, session: Session) -> int:
    """Run the command of ``options``; errors are told on standard error."""
    words = (options.command, *(getattr(options, each, "") for each in ("noun", "action")))
    name = " ".join(word for word in words if word)
    try:
        return COMMANDS[name](options, session)
    except NotRunningError:
        print(
            output.printable(f"Metarr Desktop is not running on {session.data_dir}. Start it first."),
            file=sys.stderr,
        )
        return NOT_RUNNING
    except UsageError as error:
        print(output.printable(str(error)), file=sys.stderr)
        return USAGE
    except CallFailedError as error:
        print(output.printable(str(error)), file=sys.stderr)
        return STATUS_OF_KIND.get(error.kind, FAILED)


def _status(options: argparse.Namespace, session: Session) -> int:
    return output.show(options, session.call("status"), output.status_text)


def _stats(options: argparse.Namespace, session: Session) -> int:
    return output.show(options, session.call("stats"), output.statistics_text)


def _jobs(options: argparse.Namespace, session: Session) -> int:
    jobs = session.call("jobs")
    if options.json:
        return output.show(options, jobs, output.as_json)
    lanes = session.call("lanes") if jobs else []
    return output.show(options, jobs, lambda rows: output.jobs_text(rows, lanes=lanes))


def _lanes(options: argparse.Namespace, session: Session) -> int:
    return output.show(options, session.call("lanes"), output.lanes_text)


def _history(options: argparse.Namespace, session: Session) -> int:
    return output.show(options, session.call("history", limit=options.limit), output.history_text)


def _events(options: argparse.Namespace, session: Session) -> int:
    return output.show(options, session.call("events", limit=options.limit), output.events_text)


def _retry(options: argparse.Namespace, session: Session) -> int:
    print(f"Job {session.call('retry', job_id=options.job)['job_id']} waits to run.")
    return OK


def _run_now(options: argparse.Namespace, session: Session) -> int:
    session.call("run_now", job_id=options.job)
    print(f"Job {options.job} is due now.")
    return OK


def _cancel(options: argparse.Namespace, session: Session) -> int:
    session.call("cancel", job_id=options.job)
    print(f"Job {options.job} is cancelled. One that runs ends as soon as it can.")
    return OK


def _retry_failed(_: argparse.Namespace, session: Session) -> int:
    print(f"Failed jobs tried again: {session.call('retry_failed')['retried']}")
    return OK


def _replay(options: argparse.Namespace, session: Session) -> int:
    print(f"Job {session.call('replay', event_id=options.event)['job_id']} waits to run.")
    return OK


def _pause(options: argparse.Namespace, session: Session) -> int:
    until = output.local(session.call("pause", minutes=options.minutes)["until"])
    print(f"Deliveries are paused{f' until {until}' if until else ''}. Webhooks are still received.")
    return OK


def _resume(_: argparse.Namespace, session: Session) -> int:
    session.call("resume")
    print("Deliveries go on.")
    return OK


def _quit(_: argparse.Namespace, session: Session) -> int:
    session.call("quit")
    if not session.has_stopped():
        print("Metarr Desktop was asked to stop and is still at it. Look at its log.", file=sys.stderr)
        return FAILED
    print("Metarr Desktop has stopped.")
    return OK


def _open(_: argparse.Namespace, session: Session) -> int:
    session.call("open")
    return OK


def _send_test(options: argparse.Namespace, session: Session) -> int:
    answer = session.call("send_test", source=options.source, event=options.event)
    print(f"Answered {answer['status']}, webhook {answer['event_id']}.")
    return OK if answer["status"] == ACCEPTED else FAILED


COMMANDS: dict[str, Callable[[argparse.Namespace, Session], int]] = {
    "status": _status,
    "stats": _stats,
    "jobs": _jobs,
    "lanes": _lanes,
    "history": _history,
    "events": _events,
    "retry": _retry,
    "run-now": _run_now,
    "cancel": _cancel,
    "retry-failed": _retry_failed,
    "replay": _replay,
    "pause": _pause,
    "resume": _resume,
    "quit": _quit,
    "open": _open,
    "send-test": _send_test,
    **SERVICE_COMMANDS,
    **HOUSEHOLD_COMMANDS,
    **ROUTE_COMMANDS,
    **SOURCE_COMMANDS,
    **LIBRARY_COMMANDS,
    **RECEIVING_COMMANDS,
    **API_COMMANDS,
    **SCHEDULE_COMMANDS,
    **DATABASE_COMMANDS,
}
