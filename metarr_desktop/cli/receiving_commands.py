"""The commands of who may send webhooks, and where to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.cli import output
from metarr_desktop.cli.endings import OK

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from metarr_desktop.cli.session import Session


def _receiving_show(options: argparse.Namespace, session: Session) -> int:
    def text(addresses: list[dict[str, Any]]) -> str:
        return "\n".join(f"{each['title']}: {each['url']}" for each in addresses)

    return output.show(options, session.call("receiving_show"), text)


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


RECEIVING_COMMANDS: dict[str, Callable[[argparse.Namespace, Session], int]] = {
    "receiving show": _receiving_show,
    "receiving allow": _receiving_allow,
    "receiving new-key": _receiving_new_key,
}
