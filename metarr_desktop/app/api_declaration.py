"""How an operation of the API is declared: from this it is routed, checked and documented."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from metarr_desktop.app.api_refusals import bad_request
from metarr_desktop.app.params import LARGEST_NUMBER
from metarr_desktop.domain.text import text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from pydantic import BaseModel

    from metarr_desktop.app.core import Core
    from metarr_desktop.app.params import Params

MOST_DIGITS = len(str(LARGEST_NUMBER))


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list; ``following`` are the query parameters of the part after it, None at the end."""

    rows: Sequence[object]
    following: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One value in the path or the query."""

    name: str
    about: str
    where: Literal["path", "query"] = "query"
    whole: bool = False
    most: int = LARGEST_NUMBER
    choices: tuple[str, ...] = ()
    default: int | str | None = None

    least: ClassVar[int] = 1
    """Ids and limits begin with it."""
    longest: ClassVar[int] = 200
    """Most characters of a text."""

    def read(self, given: str | None) -> int | str | None:
        """Return the value, or its default. Raises ApiRefusal where it cannot be."""
        if given is None:
            return self.default
        if self.whole:
            return self._number(given)
        if self.choices and given not in self.choices:
            known = ", ".join(self.choices)
            raise bad_request(text("{name} is one of: {known}.", name=self.name, known=known))
        if "\0" in given:  # PostgreSQL knows no such text
            raise bad_request(text("{name} is no text.", name=self.name))
        if len(given) > self.longest:
            raise bad_request(
                text("{name} has at most {most} characters.", name=self.name, most=self.longest)
            )
        return given

    def _number(self, given: str) -> int:
        number = int(given) if re.fullmatch(rf"[0-9]{{1,{MOST_DIGITS}}}", given) else 0
        if not self.least <= number <= self.most:
            raise bad_request(
                text(
                    "{name} is a whole number from {least} to {most}.",
                    name=self.name,
                    least=self.least,
                    most=self.most,
                )
            )
        return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that can be asked for.

    ``result`` is the type of its answer, ``body`` the model of what is sent with it. ``errors`` are statuses
    beyond those that every operation can have. A ``streams`` is a WebSocket too, where one is asked for.
    """

    method: Literal["GET", "POST"]
    path: str
    name: str
    summary: str
    result: Any
    run: Callable[[Core, Params], Awaitable[object]]
    about: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: type[BaseModel] | None = None
    errors: tuple[int, ...] = ()
    streams: bool = False

    @property
    def steps(self) -> tuple[str, ...]:
        """The parts of the path."""
        return tuple(self.path.strip("/").split("/"))

    def match(self, steps: Sequence[str]) -> dict[str, str] | None:
        """Return what stands in the places of the path; None where it is another path."""
        own = self.steps
        if len(own) != len(steps):
            return None
        found: dict[str, str] = {}
        for part, given in zip(own, steps, strict=True):
            if part.startswith("{"):
                found[part.strip("{}")] = given
            elif part != given:
                return None
        return found

    def arguments(self, path: Mapping[str, str], query: Mapping[str, str]) -> dict[str, object]:
        """Return every parameter's value. Raises ApiRefusal on one that is unknown or cannot be."""
        known = [each.name for each in self.parameters if each.where == "query"]
        for name in query:
            if name not in known:
                raise bad_request(
                    text(
                        "There is no parameter {name} here. Known are: {known}.",
                        name=name[:80],
                        known=", ".join(known),
                    )
                    if known
                    else text("There is no parameter {name} here.", name=name[:80])
                )
        return {
            each.name: each.read((path if each.where == "path" else query).get(each.name))
            for each in self.parameters
        }
