"""The commands of library folders and path mappings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from metarr_desktop.cli import output
from metarr_desktop.cli.endings import OK, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from metarr_desktop.cli.session import Session


def _library_add(options: argparse.Namespace, session: Session) -> int:
    # The running program has another current folder than this shell.
    path = os.path.abspath(options.path)  # noqa: PTH100 - resolves no links: a folder is kept as it was named
    folder = session.call("library_add", path=path, name=options.name, type=options.type)
    print(f"Added {output.printable(folder['name'])}: {output.printable(folder['path'])}")
    return OK


def _library_list(options: argparse.Namespace, session: Session) -> int:
    def text(folders: list[dict[str, Any]]) -> str:
        rows = [
            (each["name"], each["type"], each["path"], "" if each["found"] else "not found")
            for each in folders
        ]
        return output.table(("NAME", "TYPE", "PATH", ""), rows, empty="No folders yet.")

    return output.show(options, session.call("library_list"), text)


def _library_remove(options: argparse.Namespace, session: Session) -> int:
    session.call("library_remove", name=options.name)
    print("Removed. Its files are untouched.")
    return OK


def _library_set(options: argparse.Namespace, session: Session) -> int:
    session.call("library_set", name=options.name, values=dict(options.fields))
    print("Saved.")
    return OK


def _scan(options: argparse.Namespace, session: Session) -> int:
    asked = session.call("scan", path=_whole(options.path))
    title, folder = output.printable(asked["title"]), output.printable(asked["folder"])
    print(f"{title} is looked at: {folder} (job {asked['job_id']})")
    return OK


def _whole(path: str) -> str:
    """Return a path as the program can use it, which has another current folder; another system's stays."""
    path = os.path.expanduser(path)  # noqa: PTH111 - a path of another system stays as it is written
    if "://" in path or path.startswith("\\\\") or (path[1:2] == ":" and path[2:3] in {"\\", "/"}):
        return path
    return os.path.abspath(path)  # noqa: PTH100 - resolves no links: a folder is asked for as it is named


def _trace(options: argparse.Namespace, session: Session) -> int:
    params = {"path": options.path, "from": options.from_scope, "to": options.to_scope}
    return output.show(options, session.call("trace", **params), _hops_text)


def _hops_text(hops: list[dict[str, Any]]) -> str:
    """Say line by line who writes the path how, and why."""
    rows = [(hop["scope"], hop["path"], _why(hop, first=number == 0)) for number, hop in enumerate(hops)]
    return output.table(("WHO", "PATH", ""), rows, empty="")


def _why(hop: dict[str, Any], *, first: bool) -> str:
    mapping = hop["mapping"]
    if mapping is not None:
        why = f"mapping of {mapping['scope']}: {mapping['from']} is {mapping['to']}"
    else:
        why = "" if first else "no mapping fits, so it goes unchanged"
    if hop["scope"] != "here":
        return why
    if hop["library"] is None:
        place = "in no library folder"
    else:
        there = {True: "and there", False: "but not there"}.get(hop["exists"], "which does not answer")
        place = f"in the library folder {hop['library']}, {there}"
    return f"{why}; {place}" if why else place


def _mapping_add(options: argparse.Namespace, session: Session) -> int:
    session.call("mapping_add", scope=options.scope, to=options.to, **{"from": getattr(options, "from")})
    print("Saved.")
    return OK


def _mapping_list(options: argparse.Namespace, session: Session) -> int:
    def text(mappings: list[dict[str, Any]]) -> str:
        rows = [(each["scope"], each["from"], each["to"]) for each in mappings]
        return output.table(("SCOPE", "FROM", "TO"), rows, empty="No mappings.")

    return output.show(options, session.call("mapping_list"), text)


def _mapping_propose(options: argparse.Namespace, session: Session) -> int:
    """Show what is proposed, or add one of it; numbers are those of a list made anew, so its path is told."""
    report = session.call("mapping_propose")
    if options.apply is None:
        return output.show(options, report, _proposals_text)
    proposals = report["proposals"]
    if options.apply > len(proposals):
        raise UsageError(f"There is no proposal {options.apply}. See metarr-desktop mapping propose.")
    chosen = proposals[options.apply - 1]
    session.call("mapping_add", scope=chosen["scope"], to=chosen["to"], **{"from": chosen["from"]})
    print(output.printable(f"Saved for {chosen['scope']}: {chosen['from']} is {chosen['to']}"))
    return OK


def _proposals_text(report: dict[str, Any]) -> str:
    rows = [
        (f"{number}", each["scope"], each["from"], each["to"], _agreement(each))
        for number, each in enumerate(report["proposals"], start=1)
    ]
    table = output.table(("", "SCOPE", "FROM", "TO", "WHY"), rows, empty="No mapping is missing or wrong.")
    films = [f"{each['server']}: {each['agree']} of {each['total']} films agree." for each in report["films"]]
    return "\n".join((table, *map(output.printable, (*films, *report["unasked"]))))


def _agreement(proposal: dict[str, Any]) -> str:
    if not proposal["total"]:
        return "the folders are called alike"
    why = f"{proposal['agree']} of {proposal['total']} films agree"
    return f"{why}, instead of {proposal['instead_of']}" if proposal["instead_of"] else why


def _mapping_remove(options: argparse.Namespace, session: Session) -> int:
    session.call("mapping_remove", scope=options.scope, **{"from": getattr(options, "from")})
    print("Removed.")
    return OK


LIBRARY_COMMANDS: dict[str, Callable[[argparse.Namespace, Session], int]] = {
    "library add": _library_add,
    "library list": _library_list,
    "library remove": _library_remove,
    "library set": _library_set,
    "mapping add": _mapping_add,
    "mapping list": _mapping_list,
    "mapping propose": _mapping_propose,
    "mapping remove": _mapping_remove,
    "scan": _scan,
    "trace": _trace,
}
