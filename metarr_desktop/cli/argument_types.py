"""What single arguments of the command line are read as."""

from __future__ import annotations

import argparse


def as_json(parser: argparse.ArgumentParser) -> None:
    """Let a command print JSON."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def port(value: str) -> int:
    """Read a port, 0 for any free one."""
    return _whole(value, least=0, most=65_535, what="a port")


def host(value: str) -> str:
    """Read the name or the address of a computer."""
    try:
        named = bool(value.encode("idna")) and not any(each.isspace() or each in "/[]@" for each in value)
    except UnicodeError:
        named = False
    if not named:
        raise argparse.ArgumentTypeError(f"an address is like 127.0.0.1, ::1 or 0.0.0.0, not {value[:40]!r}")
    return value


def count(value: str) -> int:
    """Read a whole number from 1 on."""
    return _whole(value, least=1, most=2**63 - 1, what="this")


def _whole(value: str, *, least: int, most: int, what: str) -> int:
    try:
        number = int(value)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(
            f"{what} is a whole number from {least} to {most}, not {value[:40]!r}"
        )
    return number


def field(value: str) -> tuple[str, str]:
    """Read ``FIELD=VALUE``."""
    name, equals, given = value.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{value!r} is not FIELD=VALUE")
    return name, given
