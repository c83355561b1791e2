"""The commands of the database: they work where it cannot be opened, for they do not open it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from metarr_desktop.cli import output
from metarr_desktop.cli.endings import DATA_ERROR, FAILED, OK
from metarr_desktop.cli.fields import read_line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from metarr_desktop.app.database_file import DatabaseFile
    from metarr_desktop.cli.session import Session
    from metarr_desktop.domain.backup import Replaced

KB, MB = 1_000, 1_000_000


def _show(options: argparse.Namespace, session: Session) -> int:
    from metarr_desktop.app.database_choice import choice_without_password  # noqa: PLC0415 - as below
    from metarr_desktop.app.database_file import DatabaseFile  # noqa: PLC0415
    from metarr_desktop.app.paths import AppPaths  # noqa: PLC0415

    paths = AppPaths(session.data_dir)
    choice, _ = choice_without_password(paths, given=session.database_url)
    if choice.url is not None:
        server = {"engine": "postgresql", "address": choice.shown, "backups": [], "set_aside": []}
        return output.show(options, server, _show_server_text)
    return _show_file(options, DatabaseFile(paths, file=choice.file))


def _show_server_text(shown: dict[str, Any]) -> str:
    return (
        f"Engine: PostgreSQL\nAddress: {output.printable(shown['address'])}\n"
        "Its backups are its server's: see pg_dump."
    )


def _use(options: argparse.Namespace, session: Session) -> int:
    import asyncio  # noqa: PLC0415 - as below

    from metarr_desktop.app.database_use import use_database  # noqa: PLC0415
    from metarr_desktop.app.paths import AppPaths  # noqa: PLC0415

    password = read_line("password") if options.password else None
    choice = asyncio.run(use_database(AppPaths(session.data_dir), options.address, password=password))
    print(f"From the next start on: {output.printable(choice.shown)}. Nothing was copied to it.")
    return OK


def _show_file(options: argparse.Namespace, file: DatabaseFile) -> int:
    from metarr_desktop.domain.clock import iso  # noqa: PLC0415 - with the rest of the program

    shown = {
        "engine": "sqlite",
        "file": str(file.path),
        "size": file.size(),
        "backups": [
            {"date": each.date, "made_at": iso(each.made_at), "size": each.size, "file": str(each.path)}
            for each in file.backups()
        ],
        "set_aside": [str(each) for each in file.set_aside()],
    }
    return output.show(options, shown, _show_text)


def _show_text(shown: dict[str, Any]) -> str:
    size = "not there yet" if shown["size"] is None else _size(shown["size"])
    rows = [
        (each["date"], output.local(each["made_at"]), _size(each["size"]), each["file"])
        for each in shown["backups"]
    ]
    lines = ["Engine: SQLite", f"File: {output.printable(shown['file'])} ({size})"]
    lines += [f"Set aside: {output.printable(each)}" for each in shown["set_aside"]]
    lines += ["", output.table(("BACKUP", "MADE", "SIZE", "FILE"), rows, empty="No backups yet.")]
    return "\n".join(lines)


def _backup(_: argparse.Namespace, file: DatabaseFile) -> int:
    made = file.back_up()
    print(f"The SQLite database was copied and found whole: {output.printable(str(made.path))}")
    return OK


def _restore(options: argparse.Namespace, file: DatabaseFile) -> int:
    import asyncio  # noqa: PLC0415 - most commands start without it

    done = asyncio.run(file.restore(options.date))
    assert done.backup is not None  # noqa: S101 - it was restored
    print(f"The backup of {done.backup.date} is in place. Webhooks that came after it are not in it.")
    if done.cancelled:
        print(
            f"Jobs that waited in it and were cancelled, as they may have been done since: {done.cancelled}."
            " Retry in the history what is still wanted."
        )
    return _tell_aside(done)


def _start_empty(_: argparse.Namespace, file: DatabaseFile) -> int:
    import asyncio  # noqa: PLC0415 - as above

    done = asyncio.run(file.start_empty())
    print("An empty SQLite database is in place. Set up your services again; their secrets are still saved.")
    return _tell_aside(done)


def _tell_aside(done: Replaced) -> int:
    if done.aside is not None:
        print(f"The file of before was kept: {output.printable(str(done.aside))}")
    return OK


def _size(count: int) -> str:
    return f"{count / MB:.1f} MB" if count >= MB else f"{count / KB:.0f} kB"


def _on_file(
    act: Callable[[argparse.Namespace, DatabaseFile], int],
) -> Callable[[argparse.Namespace, Session], int]:
    """Make a command of what is done with the SQLite file that a start would work on."""

    def run(options: argparse.Namespace, session: Session) -> int:
        from metarr_desktop.app.database_choice import choice_without_password  # noqa: PLC0415 - as above
        from metarr_desktop.app.database_file import DatabaseFile  # noqa: PLC0415
        from metarr_desktop.app.paths import AppPaths  # noqa: PLC0415
        from metarr_desktop.domain.errors import Refused  # noqa: PLC0415

        paths = AppPaths(session.data_dir)
        choice, _ = choice_without_password(paths, given=session.database_url)
        if choice.url is not None:
            raise Refused(f"This is for SQLite files. {choice.shown} is kept by its server: see pg_dump.")
        return act(options, DatabaseFile(paths, file=choice.file))

    return _told(run)


def _told(
    run: Callable[[argparse.Namespace, Session], int],
) -> Callable[[argparse.Namespace, Session], int]:
    """Tell in words what cannot be done."""

    def command(options: argparse.Namespace, session: Session) -> int:
        from metarr_desktop.domain.errors import MetarrError, StorageFailed  # noqa: PLC0415 - as above

        try:
            return run(options, session)
        except MetarrError as error:
            print(output.printable(str(error)), file=sys.stderr)
            return DATA_ERROR if isinstance(error, StorageFailed) else FAILED

    return command


DATABASE_COMMANDS: dict[str, Callable[[argparse.Namespace, Session], int]] = {
    "database show": _told(_show),
    "database use": _told(_use),
    "database backup": _on_file(_backup),
    "database restore": _on_file(_restore),
    "database start-empty": _on_file(_start_empty),
}
