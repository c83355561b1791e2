"""The command that signs in at a service: it shows what to do and waits."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from metarr_desktop.app.control_client import CallFailedError, NotRunningError
from metarr_desktop.cli import output
from metarr_desktop.cli.endings import FAILED, OK, UsageError

if TYPE_CHECKING:
    import argparse

    from metarr_desktop.cli.session import Session


def sign_in(options: argparse.Namespace, session: Session) -> int:
    """Sign in, and save what comes; Ctrl+C ends it."""
    state = session.call("sign_in_begin", service=options.name)
    try:
        state = _follow(session, state)
    except BaseException:
        _cancel(session, state)
        raise
    if state["phase"] != "done":
        print(output.printable(state["words"]), file=sys.stderr)
        return FAILED
    print(output.printable(state["words"]))
    saved = session.call("sign_in_save", id=state["id"], until_quit=options.until_quit)["saved"]
    print(f"Saved: {', '.join(saved)}.")
    for warning in state["warnings"]:
        print(output.printable(warning), file=sys.stderr)
    return OK


def _follow(session: Session, state: dict[str, Any]) -> dict[str, Any]:
    """Show each step until the last one."""
    shown = 0
    while True:
        if state["version"] > shown:
            shown = state["version"]
            _show(state)
            if state["phase"] in {"done", "failed", "cancelled"}:
                return state
            if state["phase"] == "choosing":
                session.call("sign_in_choose", id=state["id"], offer=_chosen(state["offers"]))
        state = session.call("sign_in_state", id=state["id"], after=shown)


def _show(state: dict[str, Any]) -> None:
    if state["phase"] in {"waiting", "choosing"}:
        lines = [state["words"], state["code"] and f"  {state['code']}", state["link"]]
        until = output.local(state["until"])
        lines.append(f"Waiting until {until}. Ctrl+C cancels." if until else "")
        print("\n".join(output.printable(line) for line in lines if line), flush=True)


def _chosen(offers: list[dict[str, str]]) -> str:
    """Read the number of an offer from standard input."""
    for number, offer in enumerate(offers, start=1):
        print(output.printable(f"  {number}  {offer['title']}"))
    print("Number: ", end="", flush=True)
    typed = sys.stdin.readline().strip()
    if not (typed.isascii() and typed.isdigit() and 1 <= int(typed) <= len(offers)):
        message = f"Type a number from 1 to {len(offers)}."
        raise UsageError(message)
    return offers[int(typed) - 1]["key"]


def _cancel(session: Session, state: dict[str, Any]) -> None:
    try:
        session.call("sign_in_cancel", id=state["id"])
    except (CallFailedError, NotRunningError) as error:
        print(output.printable(str(error)), file=sys.stderr)
