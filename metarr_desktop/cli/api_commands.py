"""The commands of the HTTP API's key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.cli.endings import OK

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from metarr_desktop.cli.session import Session


def _key_show(_: argparse.Namespace, session: Session) -> int:
    print(session.call("api_key")["key"])
    return OK


def _key_new(_: argparse.Namespace, session: Session) -> int:
    print(session.call("api_new_key")["key"])
    return OK


API_COMMANDS: dict[str, Callable[[argparse.Namespace, Session], int]] = {
    "api key show": _key_show,
    "api key new": _key_new,
}
