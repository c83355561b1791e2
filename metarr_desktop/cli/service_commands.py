"""The commands of services."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from metarr_desktop.cli import output
from metarr_desktop.cli.endings import FAILED, OK, UsageError
from metarr_desktop.cli.fields import parted
from metarr_desktop.cli.sign_in import sign_in

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Collection, Sequence

    from metarr_desktop.cli.session import Session


def _service_list(options: argparse.Namespace, session: Session) -> int:
    return output.show(options, session.call("services"), output.services_text)


def _service_find(options: argparse.Namespace, session: Session) -> int:
    report = session.call("find_services")
    for failure in report["failures"]:
        print(output.printable(failure), file=sys.stderr)
    return output.show(options, report, output.found_text)


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
    _refuse_several(options.name, form.get("of_players", ()), options.fields)
    values, secrets = parted(options.name, form, options.fields)
    session.call(
        "service_set", service=options.name, values=values, secrets=secrets, until_quit=options.until_quit
    )
    print(f"Saved: {', '.join(name for name, _ in options.fields)}.")
    return OK


def _refuse_several(name: str, of_players: Collection[str], fields: Sequence[tuple[str, str]]) -> None:
    """Refuse what each of several players has for itself."""
    for field, _ in fields:
        if field in of_players:
            raise UsageError(
                f"{name} has several players. Say which one you mean: {name} player set PLAYER {field}=..."
            )


def _service_test(options: argparse.Namespace, session: Session) -> int:
    report = session.call("service_test", service=options.name, **({"send": True} if options.send else {}))
    print(output.report_text(report))
    return OK if report["ok"] else FAILED


def _service_choices(options: argparse.Namespace, session: Session) -> int:
    return output.show(options, session.call("service_choices", service=options.name), output.choices_text)


SERVICE_COMMANDS: dict[str, Callable[[argparse.Namespace, Session], int]] = {
    "service list": _service_list,
    "service find": _service_find,
    "service enable": _service_enable,
    "service disable": _service_disable,
    "service set": _service_set,
    "service test": _service_test,
    "service choices": _service_choices,
    "service sign-in": sign_in,
}
