"""The engine of templates: Liquid, with one brace around a field, and with nothing that could run away.

``{title}`` is a field (so is ``{{ title }}``), ``{overview | truncate: 200}`` one with a filter, and
``{% if quality %}...{% endif %}`` a tag. Any other brace is a brace, so that JSON and CSS stand as they are.
What a template can do is listed, tag by tag and filter by filter: nothing of Liquid that reads files,
calculates, or grows without end.
https://jg-rp.github.io/liquid/ says how the library behaves.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.errors import Refused
from metarr_desktop.domain.message_templates import FIELDS
from metarr_desktop.domain.text import Text, text
from metarr_desktop.jobs.template_filters import FILTERS, written

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from liquid import BoundTemplate, Environment

    from metarr_desktop.jobs.template_values import Value

MOST_ROUNDS = 100
"""So often the loops of a template may go round, those inside one another multiplied."""
LONGEST_OUTPUT = 10_000
MOST_MEMORY = 100_000
DEEPEST = 15
TAGS = frozenset({"if", "unless", "case", "for", "break", "continue", "assign", "comment"})
FIELD_NAMES = frozenset(field.name for field in FIELDS)
OF_LOOPS = frozenset({"forloop"})
OF_LISTS = frozenset({"first", "last", "size"})
_BRACE = "\x01"
_PIECES = re.compile(
    r"(?P<raw>\{%-?\s{0,9}raw\s{0,9}-?%\}(?P<plain>.*?)\{%-?\s{0,9}endraw\s{0,9}-?%\})"
    r"|(?P<tag>\{%.*?%\})"
    r"|(?P<open>\{%)"
    r"|\{\{ ?(?P<twice>[a-z_][a-z0-9_.]*(?: {0,9}\|[^{}\n]*)?) ?\}\}"
    r"|\{ ?(?P<once>[a-z_][a-z0-9_.]*(?: {0,9}\|[^{}\n]*)?) ?\}"
    r"|(?P<brace>\{)",
    re.DOTALL,
)


def check(source: str) -> None:
    """Raise Refused, saying what is wrong, where a template is none."""
    _parsed(source)


def render(source: str, values: Mapping[str, Value], *, escape: Callable[[str], str]) -> str:
    """Fill a template in; values are escaped, the template's own text is not. Raises Refused.

    It takes some milliseconds, and the first time a moment: call it in a thread.
    """
    template = _parsed(source)
    try:
        filled = template.render(dict(values), **{ESCAPE_NAME: escape})
    except Exception as error:  # noqa: BLE001 - whatever a template makes the engine do, it is the template
        raise Refused(_complaint(error)) from None
    return filled.replace(_BRACE, "{")


ESCAPE_NAME = "escape "
"""No template can name a field with a space in it."""


@lru_cache(maxsize=64)
def _parsed(source: str) -> BoundTemplate:
    try:
        template = _environment().from_string(_as_liquid(source))
        used = template.analyze(include_partials=False)
    except Refused:
        raise
    except Exception as error:  # noqa: BLE001 - as above
        raise Refused(_complaint(error)) from None
    for name, places in used.globals.items():
        parts = {str(part) for place in places for part in place.segments[1:]}
        if name not in OF_LOOPS and (name not in FIELD_NAMES or parts - OF_LISTS):
            shown = ".".join((str(name), *sorted(parts)))[:40]
            raise Refused(text("There is no field called {name}.", name=shown))
    for name in used.filters:
        if name not in FILTERS and name != "written":
            known = ", ".join(FILTERS)
            raise Refused(
                text(
                    "There is no filter called {name}. Known are: {known}.", name=str(name)[:40], known=known
                )
            )
    return template


def _as_liquid(source: str) -> str:
    """Write fields as Liquid does, and braces that are none of ours as a sign that Liquid does not know."""
    plain = source.replace(_BRACE, "")

    def piece(found: re.Match[str]) -> str:
        if found["raw"] is not None:
            return found["plain"].replace("{", _BRACE)
        if found["tag"] is not None:
            return _tag(found["tag"])
        if found["open"] is not None:
            raise Refused("A tag that begins with {% has to end with %}.")
        field = found["twice"] or found["once"]
        return f"{{{{ {field} | written }}}}" if field else _BRACE

    return _PIECES.sub(piece, plain)


def _tag(tag: str) -> str:
    """Return a tag with single spaces, which costs the engine least."""
    return " ".join(tag.split())


@lru_cache(maxsize=1)
def _environment() -> Environment:
    """Make the engine. It is loaded where somebody wrote a template, for it takes a moment."""
    import liquid  # noqa: PLC0415 - as said
    from liquid.filter import with_context  # noqa: PLC0415

    class Sandbox(liquid.Environment):
        """Every limit the library has."""

        block_nesting_limit = DEEPEST
        context_depth_limit = DEEPEST
        loop_iteration_limit = MOST_ROUNDS
        local_namespace_limit = MOST_MEMORY
        output_stream_limit = LONGEST_OUTPUT * 4  # it counts bytes

        def setup_tags_and_filters(self, *, extra: bool = False) -> None:
            """Take the tags and filters that are listed, and no others."""
            super().setup_tags_and_filters(extra=extra)
            inner = {"content", "output", "illegal"}
            known = {name: tag for name, tag in self.tags.items() if name in TAGS or name in inner}
            self.tags = known
            self.filters = dict(FILTERS)

    @with_context
    def escaped(value: object, *, context: Any) -> str:  # noqa: ANN401 - the engine's own
        escape = context.resolve(ESCAPE_NAME)
        return str(escape(written(value)))

    sandbox = Sandbox()
    sandbox.add_filter("written", escaped)
    return sandbox


def _complaint(error: Exception) -> Text:
    """Say what the engine does not like, without its sketch of the place."""
    from liquid import exceptions  # noqa: PLC0415 - it is loaded where it can fail

    if isinstance(error, exceptions.LoopIterationLimitError):
        return text("The loops go round too often. At most {n} times are possible.", n=MOST_ROUNDS)
    if isinstance(error, exceptions.ResourceLimitError):
        return Text("The template makes too much of it. Make it shorter.")
    if isinstance(error, exceptions.LiquidError):
        said = str(error.args[0] if error.args else error).partition("\n")[0][:200]
        return text("The template cannot be read: {detail}.", detail=said.rstrip("."))
    return Text("The template cannot be used. Make it simpler.")
