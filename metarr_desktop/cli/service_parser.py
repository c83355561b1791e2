"""The commands of services and of their players, as argparse knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.cli.argument_types import as_json, field

if TYPE_CHECKING:
    import argparse

WITH_PLAYERS = ("kodi",)
"""Services that have groups of players; they are named once more here, for a parser must not load them."""


def add_services(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add what is done with services."""
    service = commands.add_parser(
        "service", help="services: list, find, enable, disable, set, sign-in, test, choices"
    )
    actions = service.add_subparsers(dest="action", metavar="ACTION", required=True)
    as_json(actions.add_parser("list", help="show every service"))
    as_json(actions.add_parser("find", help="look for services on the home network"))
    for name in ("enable", "disable"):
        actions.add_parser(name, help=f"{name} a service").add_argument("name", metavar="NAME")
    test = actions.add_parser("test", help="test a service: reach, login, permission and paths")
    test.add_argument("name", metavar="NAME")
    test.add_argument(
        "--send",
        action="store_true",
        help="really send a sample message, or let a media server look at a folder",
    )
    choices = actions.add_parser("choices", help="ask a service what some of its settings may be")
    choices.add_argument("name", metavar="NAME")
    as_json(choices)
    change = actions.add_parser(
        "set", help="change settings of a service", description="FIELD=- reads one line from standard input."
    )
    change.add_argument("name", metavar="NAME")
    change.add_argument("fields", metavar="FIELD=VALUE", nargs="+", type=field)
    change.add_argument(
        "--until-quit", action="store_true", help="keep secrets in the running program's memory only"
    )
    sign_in = actions.add_parser("sign-in", help="sign in at a service in the browser, and save what comes")
    sign_in.add_argument("name", metavar="NAME")
    sign_in.add_argument(
        "--until-quit", action="store_true", help="keep secrets in the running program's memory only"
    )


def add_households(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add what is done with the groups and players of the services that have them."""
    for key in WITH_PLAYERS:
        service = commands.add_parser(key, help=f"the players of {key} and their groups")
        nouns = service.add_subparsers(dest="noun", metavar="NOUN", required=True)
        _add_groups(nouns)
        _add_players(nouns)


def _add_groups(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    group = nouns.add_parser("group", help="groups of players that share a library: add, list, link, remove")
    actions = group.add_subparsers(dest="action", metavar="ACTION", required=True)
    as_json(actions.add_parser("list", help="show every group with its players"))
    for name, what in (
        ("add", "add a group"),
        ("remove", "remove a group with its players"),
    ):
        actions.add_parser(name, help=what).add_argument("name", metavar="NAME")
    for name, what in (
        ("link", "tell a group of this library folder, and of no other it is not linked to"),
        ("unlink", "take a link away; a group without links is told of everything"),
    ):
        change = actions.add_parser(name, help=what)
        change.add_argument("group", metavar="GROUP")
        change.add_argument("library", metavar="LIBRARY")


def _add_players(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    player = nouns.add_parser("player", help="players: add, list, set, enable, disable, remove")
    actions = player.add_subparsers(dest="action", metavar="ACTION", required=True)
    as_json(actions.add_parser("list", help="show every player"))
    for name, subject, what in (
        ("add", "group", "add a player to a group"),
        ("set", "player", "change settings of a player"),
    ):
        change = actions.add_parser(
            name,
            help=what,
            description="FIELD=- reads one line from standard input; name=NAME is what the player is called.",
        )
        change.add_argument(subject, metavar=subject.upper())
        change.add_argument("fields", metavar="FIELD=VALUE", nargs="+", type=field)
        change.add_argument(
            "--until-quit", action="store_true", help="keep secrets in the running program's memory only"
        )
    for name, what in (
        ("enable", "use a player again"),
        ("disable", "leave a player out"),
        ("remove", "forget a player"),
    ):
        actions.add_parser(name, help=what).add_argument("player", metavar="PLAYER")
