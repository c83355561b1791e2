"""The commands of which events each service is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.cli import output
from metarr_desktop.cli.endings import OK, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from metarr_desktop.cli.session import Session


def _route_list(options: argparse.Namespace, session: Session) -> int:
    return output.show(options, session.call("route_list", service=options.name or ""), routes_text)


def _route_set(options: argparse.Namespace, session: Session) -> int:
    values = dict[str, str]()
    for name, given in options.fields:
        if name in values:
            raise UsageError(f"{name} is given twice. Several are parted by commas.")
        values[name] = given
    session.call("route_set", service=options.name, source=options.source, values=values)
    print(f"Saved: {', '.join(values)}.")
    return OK


def _route_reset(options: argparse.Namespace, session: Session) -> int:
    session.call("route_reset", service=options.name, source=options.source)
    print("It has no rules of its own any more.")
    return OK


def routes_text(services: list[dict[str, Any]]) -> str:
    """What each service is told: of all senders, and of those that have rules of their own."""
    rows = [
        (
            service["service"],
            route["source"] or "(all)",
            ("default: " if route["default_events"] else "") + (_words(route["events"]) or "none"),
            _words(route["include_tags"]),
            _words(route["exclude_tags"]),
            _words(route["include_paths"]),
            _words(route["exclude_paths"]),
        )
        for service in services
        for route in service["routes"]
        if route["own"] or not route["source"]
    ]
    headings = ("SERVICE", "SENDER", "EVENTS", "ONLY TAGS", "NOT TAGS", "ONLY BELOW", "NOT BELOW")
    return output.table(headings, rows, empty="No services.")


def _words(words: list[str]) -> str:
    return ", ".join(words)


ROUTE_COMMANDS: dict[str, Callable[[argparse.Namespace, Session], int]] = {
    "route list": _route_list,
    "route set": _route_set,
    "route reset": _route_reset,
}
