"""The command line as argparse knows it."""

from __future__ import annotations

import argparse
from pathlib import Path

from metarr_desktop import __version__
from metarr_desktop.cli.argument_types import as_json, count, field, host, port
from metarr_desktop.cli.service_parser import add_households, add_services

SOURCES = ("radarr", "sonarr", "lidarr", "prowlarr", "overseerr", "jellyseerr", "readarr", "whisparr")


def data_dir(options: argparse.Namespace) -> Path:
    """Folder of the database and the logs: ``--data-dir``, ``METARR_DATA_DIR`` or this user's own."""
    if options.data_dir:
        return Path(options.data_dir).expanduser().absolute()
    from metarr_desktop.app.paths import default_data_dir  # noqa: PLC0415 - commands start without it

    return default_data_dir().absolute()


def build_parser() -> argparse.ArgumentParser:
    """Build the parser; ``command`` is None for a start of the program itself."""
    parser = argparse.ArgumentParser(
        prog="metarr-desktop",
        description="Passes news from Radarr, Sonarr and Lidarr on to your players and your phone.",
        epilog="Without a command the program itself starts. See docs/command-line.md.",
    )
    parser.add_argument(
        "--data-dir", metavar="DIR", help="folder of the database and the logs (or METARR_DATA_DIR)"
    )
    parser.add_argument(
        "--port", type=port, metavar="N", help="webhook port for this run, 0 for any free one"
    )
    parser.add_argument("--host", type=host, metavar="ADDR", help="address to listen on for this run")
    parser.add_argument(
        "--database-url",
        metavar="URL",
        help="database for this run: postgresql://user@host/name or sqlite:////path (or METARR_DATABASE_URL)",
    )
    parser.add_argument(
        "--queue-url",
        metavar="URL",
        help="queue for this run: redis://host:6379/0 or unix:///path (or METARR_QUEUE_URL),"
        ' or "database", where it lies else',
    )
    parser.add_argument(
        "--no-listener",
        action="store_true",
        help="with --headless: run jobs of a shared PostgreSQL and receive no webhooks",
    )
    parser.add_argument("--headless", action="store_true", help="run without a window")
    parser.add_argument("--minimized", action="store_true", help="start in the tray")
    parser.add_argument("--version", action="version", version=f"metarr-desktop {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    add_services(commands)
    add_households(commands)
    _add_routes(commands)
    _add_sources(commands)
    _add_library(commands)
    _add_jobs(commands)
    _add_schedules(commands)
    _add_program(commands)
    _add_database(commands)
    return parser


def _add_routes(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    route = commands.add_parser("route", help="which events each service is told: list, set, reset")
    actions = route.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="show what holds")
    listed.add_argument("name", metavar="SERVICE", nargs="?")
    as_json(listed)
    change = actions.add_parser(
        "set",
        help="change what a service is told",
        description="PART is events (default: those it is told by itself; none), include_tags, exclude_tags,"
        " include_paths or exclude_paths. Several are parted by commas.",
    )
    reset = actions.add_parser("reset", help="take a sender's own rules away")
    for each in (change, reset):
        each.add_argument("name", metavar="SERVICE")
        each.add_argument(
            "--source", default="", metavar="S", help="a sender, or a type such as radarr; else all senders"
        )
    change.add_argument("fields", metavar="PART=VALUE", nargs="+", type=field)


def _add_sources(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    source = commands.add_parser(
        "source", help="who sends webhooks: list, show, add, set, connect, catch-up, and more"
    )
    actions = source.add_subparsers(dest="action", metavar="ACTION", required=True)
    as_json(actions.add_parser("list", help="show every source"))
    show = actions.add_parser("show", help="show all that is known of a source")
    show.add_argument("name", metavar="NAME")
    as_json(show)
    for name in ("add", "set"):
        change = actions.add_parser(
            name,
            help=f"{name} a source" if name == "add" else "change settings of a source",
            description="FIELD=- reads one line from standard input.",
        )
        change.add_argument("name", metavar="NAME")
        if name == "add":
            change.add_argument("--type", required=True, choices=SOURCES)
        fields = change.add_argument("fields", metavar="FIELD=VALUE", nargs="+", type=field)
        # Some have no settings. As "*" argparse would take none of those that stand behind --type.
        fields.required = name != "add"
        change.add_argument(
            "--until-quit", action="store_true", help="keep secrets in the running program's memory only"
        )
    connect = actions.add_parser("connect", help="make or mend our webhook at a source")
    connect.add_argument("name", metavar="NAME")
    connect.add_argument(
        "--address", type=host, metavar="ADDR", help="address of this computer for that source"
    )
    for name, what in (
        ("catch-up", "read now what a source could not tell"),
        ("dismiss", "leave alone what was missed"),
        ("resume", "press Test there, so that it calls again"),
        ("enable", "listen to a source"),
        ("disable", "skip what a source sends"),
        ("new-key", "make a new receiving key for a source"),
        ("remove", "remove a source, with our webhook there"),
    ):
        actions.add_parser(name, help=what).add_argument("name", metavar="NAME")


def _add_library(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    library = commands.add_parser("library", help="folders of this computer: add, list, set, remove")
    actions = library.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="add a folder")
    add.add_argument("path", metavar="PATH")
    add.add_argument("--name", default="", metavar="NAME")
    add.add_argument("--type", default="movies", choices=("movies", "tv", "music"))
    as_json(actions.add_parser("list", help="show every folder"))
    actions.add_parser("remove", help="remove a folder; its files stay").add_argument("name", metavar="NAME")

    change = actions.add_parser(
        "set",
        help="change what is asked of a folder",
        description="anchor=FILE is a file in it that is missing while its drive is not connected (anchor="
        " for none), needs_nfo=yes|no, watch=off|events|polling.",
    )
    change.add_argument("name", metavar="NAME")
    change.add_argument("fields", metavar="NAME=VALUE", nargs="+", type=field)

    scan = commands.add_parser("scan", help="look at a folder now, and tell the media servers")
    scan.add_argument("path", metavar="PATH")
    trace = commands.add_parser("trace", help="show what becomes of a path on its way to a service")
    trace.add_argument("path", metavar="PATH")
    trace.add_argument(
        "--from", dest="from_scope", required=True, metavar="SCOPE", help="a source, a sender, or here"
    )
    trace.add_argument("--to", dest="to_scope", required=True, metavar="SCOPE", help="a service, or here")
    as_json(trace)

    mapping = commands.add_parser("mapping", help="path mappings: add, list, remove")
    actions = mapping.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="add or replace a mapping")
    for name in ("scope", "from", "to"):
        add.add_argument(name, metavar=name.upper())
    as_json(actions.add_parser("list", help="show every mapping"))
    remove = actions.add_parser("remove", help="remove a mapping")
    for name in ("scope", "from"):
        remove.add_argument(name, metavar=name.upper())


def _add_jobs(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    as_json(commands.add_parser("jobs", help="show the queue"))
    as_json(commands.add_parser("lanes", help="show what takes no jobs now, why and until when"))
    history = commands.add_parser("history", help="show ended jobs, newest first")
    history.add_argument("--limit", type=count, default=50, metavar="N")
    as_json(history)
    events = commands.add_parser("events", help="show stored webhooks, newest first")
    events.add_argument("--limit", type=count, default=50, metavar="N")
    as_json(events)
    as_json(commands.add_parser("status", help="show the program at a glance"))
    as_json(commands.add_parser("stats", help="show what waits, runs and lately ended, in numbers"))
    commands.add_parser("retry", help="try an ended job again").add_argument("job", type=count, metavar="JOB")
    for name, what in (
        ("run-now", "let a waiting job run now"),
        ("scan-anyway", "let a scan run now that waits for a video to end"),
        ("cancel", "cancel a waiting or running job"),
    ):
        commands.add_parser(name, help=what).add_argument("job", type=count, metavar="JOB")
    commands.add_parser("retry-failed", help="try every failed job again")
    commands.add_parser("replay", help="run a webhook once more").add_argument(
        "event", type=count, metavar="EVENT"
    )
    pause = commands.add_parser("pause", help="stop delivering; receiving goes on")
    pause.add_argument("minutes", type=count, nargs="?", metavar="MIN")
    commands.add_parser("resume", help="go on delivering")


def _add_schedules(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    schedule = commands.add_parser("schedule", help="recurring work: list, run, set")
    actions = schedule.add_subparsers(dest="action", metavar="ACTION", required=True)
    as_json(actions.add_parser("list", help="show when it is due and how it went"))
    actions.add_parser("run", help="run it once, now").add_argument("name", metavar="NAME")
    change = actions.add_parser(
        "set",
        help="change when it is due",
        description="NAME daily 03:30 is once a day at that time, NAME every 6h (30m, 2d) is each time that"
        " has passed.",
    )
    change.add_argument("name", metavar="NAME")
    change.add_argument("rhythm", choices=("daily", "every"))
    change.add_argument("value", metavar="VALUE")

    settings = commands.add_parser("settings", help="the program's own settings: list, set")
    actions = settings.add_subparsers(dest="action", metavar="ACTION", required=True)
    as_json(actions.add_parser("list", help="show every setting"))
    actions.add_parser("set", help="change settings").add_argument(
        "fields", metavar="NAME=VALUE", nargs="+", type=field
    )


def _add_program(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    commands.add_parser("quit", help="stop the running program")
    commands.add_parser("open", help="show the running program's window")
    send = commands.add_parser("send-test", help="post a sample webhook to the running program")
    send.add_argument("source", choices=SOURCES)
    send.add_argument("--event", default="Download", metavar="EVENT")
    receiving = commands.add_parser("receiving", help="who may send webhooks, and their addresses")
    actions = receiving.add_subparsers(dest="action", metavar="ACTION", required=True)
    as_json(actions.add_parser("show", help="show the address of each source"))
    actions.add_parser("allow", help="allow this computer only, or the home network").add_argument(
        "who", choices=("home", "local")
    )
    actions.add_parser("new-key", help="make a new key; the old one stops working")
    api = commands.add_parser("api", help="the HTTP API: its key")
    key = api.add_subparsers(dest="noun", metavar="NOUN", required=True).add_parser(
        "key", help="the key that every request needs: show, new"
    )
    actions = key.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("show", help="print the key; the first time one is made")
    actions.add_parser("new", help="make a new key and print it; the old one stops working")


def _add_database(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    database = commands.add_parser("database", help="the database: show, use, backup, restore, start-empty")
    actions = database.add_subparsers(dest="action", metavar="ACTION", required=True)
    as_json(actions.add_parser("show", help="show the database and its backups"))
    actions.add_parser("backup", help="copy the SQLite file now")
    restore = actions.add_parser(
        "restore", help="put a backup in place; the SQLite file of before is kept beside it"
    )
    restore.add_argument("date", metavar="DATE", nargs="?", help="such as 2026-11-24; else the newest")
    use = actions.add_parser("use", help="choose the database for the next starts; nothing is copied to it")
    use.add_argument(
        "address", metavar="ADDRESS", help="postgresql://user@host/name, sqlite:////path, or own for the file"
    )
    use.add_argument(
        "--password", action="store_true", help="read its password from standard input into the keyring"
    )
    actions.add_parser("start-empty", help="begin anew; the SQLite file of before is kept beside it")
