"""The commands of recurring work and of the program's own settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.cli import output
from metarr_desktop.cli.endings import OK, UsageError
from metarr_desktop.domain.errors import Refused
from metarr_desktop.domain.schedules import rule_from_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from metarr_desktop.cli.session import Session


def _schedule_list(options: argparse.Namespace, session: Session) -> int:
    def text(schedules: list[dict[str, Any]]) -> str:
        rows = [
            (
                each["name"],
                each["title"],
                each["words"],
                output.local(each["next_at"]),
                output.local(each["last_at"]) or "never",
                each["last_status"],
                each["last_detail"],
            )
            for each in schedules
        ]
        headings = ("NAME", "SCHEDULE", "RUNS", "NEXT", "LAST", "STATUS", "DETAIL")
        return output.table(headings, rows, empty="No schedules.")

    return output.show(options, session.call("schedules"), text)


def _schedule_run(options: argparse.Namespace, session: Session) -> int:
    print(f"Job {session.call('schedule_run', name=options.name)['job_id']} waits to run.")
    return OK


def _schedule_set(options: argparse.Namespace, session: Session) -> int:
    try:
        rule = rule_from_json({options.rhythm: options.value})
    except Refused as error:
        raise UsageError(str(error)) from error
    session.call("schedule_set", name=options.name, rule=rule.to_json())
    print(f"{options.name}: {rule.words()}.")
    return OK


def _settings_list(options: argparse.Namespace, session: Session) -> int:
    def text(settings: dict[str, Any]) -> str:
        rows = [(name, _shown(value)) for name, value in settings.items()]
        return output.table(("NAME", "VALUE"), rows, empty="No settings.")

    return output.show(options, session.call("settings"), text)


def _settings_set(options: argparse.Namespace, session: Session) -> int:
    values = dict[str, str]()
    for name, given in options.fields:
        if name in values:
            raise UsageError(f"{name} is given twice.")
        values[name] = given
    session.call("settings_set", values=values)
    print(f"Saved: {', '.join(values)}.")
    return OK


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


SCHEDULE_COMMANDS: dict[str, Callable[[argparse.Namespace, Session], int]] = {
    "schedule list": _schedule_list,
    "schedule run": _schedule_run,
    "schedule set": _schedule_set,
    "settings list": _settings_list,
    "settings set": _settings_set,
}
