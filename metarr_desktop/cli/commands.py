"""Runs one command and turns its end into an exit status."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from metarr_desktop.cli import output
from metarr_desktop.cli.remote import CallFailedError, NotRunningError
from metarr_desktop.cli.session import Session

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from pathlib import Path

OK, FAILED, USAGE, NOT_RUNNING, PORT_IN_USE, DATA_ERROR = 0, 1, 2, 3, 4, 5
STATUS_OF_KIND = {"port": PORT_IN_USE, "storage": DATA_ERROR}
ACCEPTED = 200


class UsageError(Exception):
    """The command was typed wrongly."""


def run_command(options: argparse.Namespace, *, data_dir: Path) -> int:
    """Run the command of ``options``; errors are told on standard error."""
    name = f"{options.command} {options.action}" if hasattr(options, "action") else options.command
    try:
        return COMMANDS[name](options, Session(data_dir))
    except NotRunningError:
        print(f"Metarr Desktop is not running on {data_dir}. Start it first.", file=sys.stderr)
        return NOT_RUNNING
    except UsageError as error:
        print(error, file=sys.stderr)
        return USAGE
    except CallFailedError as error:
        print(output.printable(str(error)), file=sys.stderr)
        return STATUS_OF_KIND.get(error.kind, FAILED)


def _show(options: argparse.Namespace, value: Any, text: Callable[[Any], str]) -> int:  # noqa: ANN401 - JSON
    print(output.as_json(value) if options.json else text(value))
    return OK


def _status(options: argparse.Namespace, session: Session) -> int:
    return _show(options, session.call("status"), output.status_text)


def _jobs(options: argparse.Namespace, session: Session) -> int:
    return _show(options, session.call("jobs"), output.jobs_text)


def _history(options: argparse.Namespace, session: Session) -> int:
    return _show(options, session.call("history", limit=options.limit), output.history_text)


def _service_list(options: argparse.Namespace, session: Session) -> int:
    return _show(options, session.call("services"), output.services_text)


def _service_enable(options: argparse.Namespace, session: Session) -> int:
    session.call("service_switch", service=options.name, enabled=True)
    found = next(each for each in session.call("services") if each["key"] == options.name)
    print(f"{found['title']} is on.")
    if not found["configured"]:
        print("It is not set up yet: its messages wait until it is.", file=sys.stderr)
    return OK


def _service_disable(options: argparse.Namespace, session: Session) -> int:
    session.call("service_switch", service=options.name, enabled=False)
    print(f"{options.name} is off.")
    return OK


def _service_set(options: argparse.Namespace, session: Session) -> int:
    form = session.call("service_form", service=options.name)
    secret = {field["name"]: field["secret"] for field in form["fields"]}
    values: dict[str, str] = {}
    secrets: dict[str, str] = {}
    for name, given in options.fields:
        if name not in secret:
            raise UsageError(f"{options.name} has no setting {name}. It has: {', '.join(secret)}.")
        if secret[name] and given != "-":
            raise UsageError(
                f"{name} is a secret, and command lines are public on this computer."
                f" Write {name}=- and give it on standard input."
            )
        (secrets if secret[name] else values)[name] = _read_line(name) if given == "-" else given
    session.call(
        "service_set", service=options.name, values=values, secrets=secrets, until_quit=options.until_quit
    )
    print(f"Saved: {', '.join(name for name, _ in options.fields)}.")
    return OK


def _read_line(name: str) -> str:
    """Read one line from standard input, without showing it where a person types it."""
    if sys.stdin.isatty():
        import getpass  # noqa: PLC0415 - only for people at a terminal

        return getpass.getpass(f"{name}: ")
    line = sys.stdin.readline()
    if not line:
        raise UsageError(f"Standard input ended before {name} was read.")
    return line.rstrip("\r\n")


def _service_test(options: argparse.Namespace, session: Session) -> int:
    report = session.call("service_test", service=options.name)
    print(output.report_text(report))
    return OK if report["ok"] else FAILED


def _library_add(options: argparse.Namespace, session: Session) -> int:
    folder = session.call("library_add", path=options.path, name=options.name, type=options.type)
    print(f"Added {output.printable(folder['name'])}: {output.printable(folder['path'])}")
    return OK


def _library_list(options: argparse.Namespace, session: Session) -> int:
    def text(folders: list[dict[str, Any]]) -> str:
        rows = [
            (each["name"], each["type"], each["path"], "" if each["found"] else "not found")
            for each in folders
        ]
        return output.table(("NAME", "TYPE", "PATH", ""), rows, empty="No folders yet.")

    return _show(options, session.call("library_list"), text)


def _library_remove(options: argparse.Namespace, session: Session) -> int:
    session.call("library_remove", name=options.name)
    print("Removed. Its files are untouched.")
    return OK


def _mapping_add(options: argparse.Namespace, session: Session) -> int:
    session.call("mapping_add", scope=options.scope, to=options.to, **{"from": getattr(options, "from")})
    print("Saved.")
    return OK


def _mapping_list(options: argparse.Namespace, session: Session) -> int:
    def text(mappings: list[dict[str, Any]]) -> str:
        rows = [(each["scope"], each["from"], each["to"]) for each in mappings]
        return output.table(("SCOPE", "FROM", "TO"), rows, empty="No mappings.")

    return _show(options, session.call("mapping_list"), text)


def _mapping_remove(options: argparse.Namespace, session: Session) -> int:
    session.call("mapping_remove", scope=options.scope, **{"from": getattr(options, "from")})
    print("Removed.")
    return OK


def _retry(options: argparse.Namespace, session: Session) -> int:
    print(f"Job {session.call('retry', job_id=options.job)['job_id']} waits to run.")
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
    print("Stopping.")
    return OK


def _open(_: argparse.Namespace, session: Session) -> int:
    session.call("open")
    return OK


def _send_test(options: argparse.Namespace, session: Session) -> int:
    answer = session.call("send_test", source=options.source, event=options.event)
    print(f"Answered {answer['status']}, webhook {answer['event_id']}.")
    return OK if answer["status"] == ACCEPTED else FAILED


def _receiving_show(options: argparse.Namespace, session: Session) -> int:
    def text(addresses: list[dict[str, Any]]) -> str:
        return "\n".join(f"{each['title']}: {each['url']}" for each in addresses)

    return _show(options, session.call("receiving_show"), text)


def _receiving_allow(options: argparse.Namespace, session: Session) -> int:
    session.call("receiving_allow", allow=options.who)
    print(
        "Your home network may send webhooks."
        if options.who == "home"
        else "Only this computer may send webhooks."
    )
    return OK


def _receiving_new_key(_: argparse.Namespace, session: Session) -> int:
    session.call("receiving_new_key")
    print("The key is new. Paste the new addresses into your senders: metarr-desktop receiving show")
    return OK


COMMANDS: dict[str, Callable[[argparse.Namespace, Session], int]] = {
    "status": _status,
    "jobs": _jobs,
    "history": _history,
    "service list": _service_list,
    "service enable": _service_enable,
    "service disable": _service_disable,
    "service set": _service_set,
    "service test": _service_test,
    "library add": _library_add,
    "library list": _library_list,
    "library remove": _library_remove,
    "mapping add": _mapping_add,
    "mapping list": _mapping_list,
    "mapping remove": _mapping_remove,
    "retry": _retry,
    "retry-failed": _retry_failed,
    "replay": _replay,
    "pause": _pause,
    "resume": _resume,
    "quit": _quit,
    "open": _open,
    "send-test": _send_test,
    "receiving show": _receiving_show,
    "receiving allow": _receiving_allow,
    "receiving new-key": _receiving_new_key,
}
