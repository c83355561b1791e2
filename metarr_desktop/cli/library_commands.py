"""The commands of library folders and path mappings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from metarr_desktop.cli import output
from metarr_desktop.cli.endings import OK

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


def _mapping_add(options: argparse.Namespace, session: Session) -> int:
    session.call("mapping_add", scope=options.scope, to=options.to, **{"from": getattr(options, "from")})
    print("Saved.")
    return OK


def _mapping_list(options: argparse.Namespace, session: Session) -> int:
    def text(mappings: list[dict[str, Any]]) -> str:
        rows = [(each["scope"], each["from"], each["to"]) for each in mappings]
        return output.table(("SCOPE", "FROM", "TO"), rows, empty="No mappings.")

    return output.show(options, session.call("mapping_list"), text)


def _mapping_remove(options: argparse.Namespace, session: Session) -> int:
    session.call("mapping_remove", scope=options.scope, **{"from": getattr(options, "from")})
    print("Removed.")
    return OK


LIBRARY_COMMANDS: dict[str, Callable[[argparse.Namespace, Session], int]] = {
    "library add": _library_add,
    "library list": _library_list,
    "library remove": _library_remove,
    "mapping add": _mapping_add,
    "mapping list": _mapping_list,
    "mapping remove": _mapping_remove,
}
