"""The commands of sources: the single Radarr, Sonarr or Lidarr that tells us what it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.cli import output
from metarr_desktop.cli.endings import FAILED, OK
from metarr_desktop.cli.fields import parted

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from metarr_desktop.cli.session import Session


def _list(options: argparse.Namespace, session: Session) -> int:
    return output.show(options, session.call("sources"), _sources_text)


def _show(options: argparse.Namespace, session: Session) -> int:
    return output.show(options, session.call("source", name=options.name), _source_text)


def _add(options: argparse.Namespace, session: Session) -> int:
    form = session.call("source_form", type=options.type, name="")
    values, secrets = parted(options.type, form, options.fields or [])
    added = session.call(
        "source_add",
        name=options.name,
        type=options.type,
        values=values,
        secrets=secrets,
        until_quit=options.until_quit,
    )
    print(f"{added['name']} is added.")
    if values.get("url"):
        print(f"Let it send to this program: metarr-desktop source connect {added['slug']}")
    return OK


def _set(options: argparse.Namespace, session: Session) -> int:
    form = session.call("source_form", type="", name=options.name)
    values, secrets = parted(options.name, form, options.fields)
    session.call(
        "source_set", name=options.name, values=values, secrets=secrets, until_quit=options.until_quit
    )
    print(f"Saved: {', '.join(name for name, _ in options.fields)}.")
    return OK


def _connect(options: argparse.Namespace, session: Session) -> int:
    report = session.call("source_connect", name=options.name, address=options.address or "")
    print(output.report_text(report))
    return OK if report["ok"] else FAILED


def _resume(options: argparse.Namespace, session: Session) -> int:
    report = session.call("source_resume", name=options.name)
    print(output.report_text(report))
    return OK if report["ok"] else FAILED


def _catch_up(options: argparse.Namespace, session: Session) -> int:
    print(f"Job {session.call('source_catch_up', name=options.name)['job_id']} waits to run.")
    return OK


def _dismiss(options: argparse.Namespace, session: Session) -> int:
    session.call("source_dismiss", name=options.name)
    print("What was missed is left alone.")
    return OK


def _enable(options: argparse.Namespace, session: Session) -> int:
    session.call("source_switch", name=options.name, enabled=True)
    print(f"{options.name} is on.")
    return OK


def _disable(options: argparse.Namespace, session: Session) -> int:
    session.call("source_switch", name=options.name, enabled=False)
    print(f"{options.name} is off. What it sends is skipped.")
    return OK


def _new_key(options: argparse.Namespace, session: Session) -> int:
    address = session.call("source_new_key", name=options.name)["url"]
    print("The key is new. A source that is connected knows it already.")
    print(f"Where its address was pasted by hand, paste it again: {output.printable(address)}")
    return OK


def _remove(options: argparse.Namespace, session: Session) -> int:
    print(output.printable(session.call("source_remove", name=options.name)["done"]))
    return OK


def _sources_text(sources: Sequence[dict[str, Any]]) -> str:
    rows = [
        (
            each["name"],
            each["title"],
            each["state"].replace("_", " "),
            output.local(each["last_contact"]),
            each["events_24h"],
            each["detail"] or (f"Missed: {each['missed']}" if each["missed"] else None),
        )
        for each in sources
    ]
    headings = ("NAME", "SOURCE", "STATE", "LAST CONTACT", "LAST 24 H", "DETAIL")
    return output.table(headings, rows, empty="No sources yet. Add one: metarr-desktop source add")


def _webhooks(count: int) -> str:
    return "1 webhook" if count == 1 else f"{count} webhooks"


def _source_text(source: dict[str, Any]) -> str:
    lines = [
        ("Name", source["name"]),
        ("Source", f"{source['title']} {source['version']}".strip()),
        ("State", source["state"].replace("_", " ")),
        ("Detail", source["detail"]),
        ("Address", source["url"]),
        ("Sends to", source["webhook_address"]),
        ("Last contact", output.local(source["last_contact"])),
        ("Last 24 hours", _webhooks(source["events_24h"])),
        ("Last catch-up", output.local(source["last_catch_up"])),
        ("Missed", source["missed"] or None),
        *(("Complains", each["message"]) for each in source["issues"]),
        *(("Keeps media in", _folder(each)) for each in source["root_folders"]),
    ]
    told = [(name, str(value)) for name, value in lines if value not in {None, ""}]
    width = max(len(name) for name, _ in told)
    return "\n".join(f"{name:<{width}}  {output.printable(value)}" for name, value in told)


def _folder(folder: dict[str, Any]) -> str:
    if folder["here"] is None:
        return f"{folder['path']} (no path mapping says where that is here)"
    return folder["path"] if folder["here"] == folder["path"] else f"{folder['path']}, here {folder['here']}"


SOURCE_COMMANDS: dict[str, Callable[[argparse.Namespace, Session], int]] = {
    "source list": _list,
    "source show": _show,
    "source add": _add,
    "source set": _set,
    "source connect": _connect,
    "source resume": _resume,
    "source catch-up": _catch_up,
    "source dismiss": _dismiss,
    "source enable": _enable,
    "source disable": _disable,
    "source new-key": _new_key,
    "source remove": _remove,
}
