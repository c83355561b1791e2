"""The commands of how messages are worded."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from metarr_desktop.cli import output
from metarr_desktop.cli.endings import OK, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from metarr_desktop.cli.session import Session

LONGEST_INPUT = 100_000


def _template_list(options: argparse.Namespace, session: Session) -> int:
    return output.show(options, session.call("template_list", service=options.name or ""), _list_text)


def _template_show(options: argparse.Namespace, session: Session) -> int:
    told = session.call("template_show", service=options.name, event=options.event)
    return output.show(options, told, _show_text)


def _template_set(options: argparse.Namespace, session: Session) -> int:
    values = dict[str, str]()
    for name, given in options.fields:
        if name in values:
            raise UsageError(f"{name} is given twice.")
        values[name] = _read_all(name) if given == "-" else given
    session.call("template_set", service=options.name, event=options.event, values=values)
    print(f"Saved: {', '.join(values)}.")
    return OK


def _template_reset(options: argparse.Namespace, session: Session) -> int:
    session.call("template_reset", service=options.name, event=options.event)
    print("The built-in words are used again.")
    return OK


def _read_all(name: str) -> str:
    """Read all of standard input, which may have many lines."""
    try:
        given = sys.stdin.read(LONGEST_INPUT)
    except UnicodeDecodeError as error:
        raise UsageError(f"What was given for {name} is not text in {sys.stdin.encoding}.") from error
    return given.rstrip("\r\n")


def _list_text(templates: Sequence[dict[str, Any]]) -> str:
    rows = [(each["service"], each["event"], each["title"], each["body"]) for each in templates]
    return output.table(
        ("SERVICE", "EVENT", "TITLE", "MESSAGE"), rows, empty="Every message has the built-in words."
    )


def _show_text(told: dict[str, Any]) -> str:
    preview = told["preview"]
    words = [("title", told["title"]), ("body", told["body"])]
    lines = ["Your words:" if told["own"] else "The built-in words are used."]
    lines += [f"  {name}={_lines(value)}" for name, value in words if value]
    lines += ["", preview["example"]]
    if preview["complaint"]:
        lines.append(f"  {preview['complaint']}")
    else:
        lines += [f"  {_lines(preview[part])}" for part in ("title", "body")]
    rows = [(f"{{{field['name']}}}", field["meaning"]) for field in told["fields"]]
    return "\n".join(lines) + "\n\n" + output.table(("FIELD", "MEANING"), rows, empty="No fields.")


def _lines(words: str) -> str:
    return "\n  ".join(output.printable(line) for line in words.split("\n"))


TEMPLATE_COMMANDS: dict[str, Callable[[argparse.Namespace, Session], int]] = {
    "template list": _template_list,
    "template show": _template_show,
    "template set": _template_set,
    "template reset": _template_reset,
}
