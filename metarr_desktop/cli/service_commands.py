"""The commands of services."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from metarr_desktop.cli import output
from metarr_desktop.cli.endings import FAILED, OK, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from metarr_desktop.cli.session import Session


def _service_list(options: argparse.Namespace, session: Session) -> int:
    return output.show(options, session.call("services"), output.services_text)


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
        if name in values or name in secrets:
            raise UsageError(f"{name} is given twice.")
        if secret[name] and given != "-":
            raise UsageError(
                f"{name} is a secret, and command lines are public on this computer."
                f" Write {name}=- and give it on standard input."
            )
        (secrets if secret[name] else values)[name] = read_line(name) if given == "-" else given
    session.call(
        "service_set", service=options.name, values=values, secrets=secrets, until_quit=options.until_quit
    )
    print(f"Saved: {', '.join(name for name, _ in options.fields)}.")
    return OK


def read_line(name: str) -> str:
    """Read one line from standard input, without showing it where a person types it."""
    if sys.stdin.isatty():
        import getpass  # noqa: PLC0415 - only for people at a terminal

        return getpass.getpass(f"{name}: ")
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError as error:
        raise UsageError(f"What was given for {name} is not text in {sys.stdin.encoding}.") from error
    if not line:
        raise UsageError(f"Standard input ended before {name} was read.")
    return line.rstrip("\r\n")


def _service_test(options: argparse.Namespace, session: Session) -> int:
    report = session.call("service_test", service=options.name)
    print(output.report_text(report))
    return OK if report["ok"] else FAILED


SERVICE_COMMANDS: dict[str, Callable[[argparse.Namespace, Session], int]] = {
    "service list": _service_list,
    "service enable": _service_enable,
    "service disable": _service_disable,
    "service set": _service_set,
    "service test": _service_test,
}
