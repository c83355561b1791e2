"""Settings given as FIELD=VALUE on the command line, secrets only by standard input."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from metarr_desktop.cli.endings import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


def parted(
    owner: str, form: dict[str, Any], fields: Sequence[tuple[str, str]]
) -> tuple[dict[str, str], dict[str, str]]:
    """Part values from secrets, which are read from standard input. Raises UsageError.

    What has several lines is read last, to the end.
    """
    secret = {field["name"]: field["secret"] for field in form["fields"]}
    several = {field["name"] for field in form["fields"] if field.get("multiline")}
    values: dict[str, str] = {}
    secrets: dict[str, str] = {}
    read_last = {name for name, given in fields if given == "-" and name in several}
    if len(read_last) > 1:
        raise UsageError(f"{' and '.join(sorted(read_last))} have several lines: give one of them at a time.")
    for name, given in sorted(fields, key=lambda field: field[0] in read_last):
        if name not in secret:
            raise UsageError(f"{owner} has no setting {name}. It has: {', '.join(secret) or 'none'}.")
        if name in values or name in secrets:
            raise UsageError(f"{name} is given twice.")
        if secret[name] and given != "-":
            raise UsageError(
                f"{name} is a secret, and command lines are public on this computer."
                f" Write {name}=- and give it on standard input."
            )
        read = read_lines if name in several else read_line
        (secrets if secret[name] else values)[name] = read(name) if given == "-" else given
    return values, secrets


def read_lines(name: str) -> str:
    """Read what is left of standard input; a person at a terminal ends it with an empty line."""
    if not sys.stdin.isatty():
        try:
            given = sys.stdin.read()
        except UnicodeDecodeError as error:
            raise UsageError(f"What was given for {name} is not text in {sys.stdin.encoding}.") from error
        if not given:
            raise UsageError(f"Standard input ended before {name} was read.")
        return given.strip("\r\n")
    lines: list[str] = []
    while line := read_line(name):
        lines.append(line)
    return "\n".join(lines)


def read_line(name: str) -> str:
    """Read one line from standard input, without showing it where a person types it."""
    if sys.stdin.isatty():
        import getpass  # noqa: PLC0415 - only for people at a terminal

        return getpass.getpass(f"{name}: ")
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError as error:
        raise UsageError(f"What was given for {name} is not text in {sys.stdin.encoding}.") from error
    if not line:
        raise UsageError(f"Standard input ended before {name} was read.")
    return line.rstrip("\r\n")
