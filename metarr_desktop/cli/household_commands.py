"""The commands of groups and players, and of scans that wait for a video to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.cli import output
from metarr_desktop.cli.endings import OK
from metarr_desktop.cli.fields import parted
from metarr_desktop.cli.service_parser import WITH_PLAYERS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from metarr_desktop.cli.session import Session


def _group_add(options: argparse.Namespace, session: Session) -> int:
    group = session.call("group_add", service=options.command, name=options.name)
    print(f"Added the group {output.printable(group['name'])}.")
    return OK


def _group_list(options: argparse.Namespace, session: Session) -> int:
    def text(household: dict[str, Any]) -> str:
        rows = [
            (
                group["name"],
                ", ".join(player["name"] for player in group["players"]) or "none",
                ", ".join(group["libraries"]) or "all",
            )
            for group in household["groups"]
        ]
        return output.table(("GROUP", "PLAYERS", "LIBRARIES"), rows, empty="No groups.")

    return output.show(options, session.call("household", service=options.command), text)


def _group_remove(options: argparse.Namespace, session: Session) -> int:
    session.call("group_remove", service=options.command, name=options.name)
    print("Removed, with its players.")
    return OK


def _group_link(options: argparse.Namespace, session: Session) -> int:
    _change_link(options, session, linked=True)
    print("Linked. The group is told of what happens there, and in no folder it is not linked to.")
    return OK


def _group_unlink(options: argparse.Namespace, session: Session) -> int:
    _change_link(options, session, linked=False)
    print("Removed. A group without links is told of everything.")
    return OK


def _change_link(options: argparse.Namespace, session: Session, *, linked: bool) -> None:
    session.call(
        "group_link", service=options.command, group=options.group, library=options.library, linked=linked
    )


def _player_add(options: argparse.Namespace, session: Session) -> int:
    player = _say_of_player(options, session, "player_add", group=options.group)
    print(f"Added player {player['id']}.")
    return OK


def _player_set(options: argparse.Namespace, session: Session) -> int:
    _say_of_player(options, session, "player_set", player=options.player)
    print(f"Saved: {', '.join(name for name, _ in options.fields)}.")
    return OK


def _say_of_player(options: argparse.Namespace, session: Session, action: str, **params: str) -> Any:  # noqa: ANN401 - JSON
    form = session.call("player_form", service=options.command)
    values, secrets = parted(f"A player of {options.command}", form, options.fields)
    return session.call(
        action,
        service=options.command,
        values=values,
        secrets=secrets,
        until_quit=options.until_quit,
        **params,
    )


def _player_list(options: argparse.Namespace, session: Session) -> int:
    def text(household: dict[str, Any]) -> str:
        rows = [
            (player["id"], player["name"], group["name"], _settings(player), _state(player))
            for group in household["groups"]
            for player in group["players"]
        ]
        return output.table(("PLAYER", "NAME", "GROUP", "SETTINGS", ""), rows, empty="No players yet.")

    return output.show(options, session.call("household", service=options.command), text)


def _settings(player: dict[str, Any]) -> str:
    said = [f"{name}={value}" for name, value in player["values"].items()]
    return ", ".join([*said, *(f"{name} kept" for name in player["secrets"])])


def _state(player: dict[str, Any]) -> str:
    if not player["enabled"]:
        return "off"
    return "" if player["complete"] else "not set up"


def _player_enable(options: argparse.Namespace, session: Session) -> int:
    session.call("player_switch", service=options.command, player=options.player, enabled=True)
    print(f"{options.player} is on.")
    return OK


def _player_disable(options: argparse.Namespace, session: Session) -> int:
    session.call("player_switch", service=options.command, player=options.player, enabled=False)
    print(f"{options.player} is off.")
    return OK


def _player_remove(options: argparse.Namespace, session: Session) -> int:
    session.call("player_remove", service=options.command, player=options.player)
    print("Removed.")
    return OK


def _scan_anyway(options: argparse.Namespace, session: Session) -> int:
    session.call("scan_anyway", job_id=options.job)
    print(f"Job {options.job} runs now, whatever plays.")
    return OK


OF_HOUSEHOLDS: dict[str, Callable[[argparse.Namespace, Session], int]] = {
    "group add": _group_add,
    "group list": _group_list,
    "group remove": _group_remove,
    "group link": _group_link,
    "group unlink": _group_unlink,
    "player add": _player_add,
    "player set": _player_set,
    "player list": _player_list,
    "player enable": _player_enable,
    "player disable": _player_disable,
    "player remove": _player_remove,
}
HOUSEHOLD_COMMANDS: dict[str, Callable[[argparse.Namespace, Session], int]] = {
    "scan-anyway": _scan_anyway,
    **{f"{key} {name}": run for key in WITH_PLAYERS for name, run in OF_HOUSEHOLDS.items()},
}
