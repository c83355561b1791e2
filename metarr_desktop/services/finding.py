"""How a service is found on the home network, and what was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from metarr_desktop.domain.forms import PlainValue
    from metarr_desktop.services.network import Network

LONGEST_NAME = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A place of a service: what it calls itself, and the values of its form that lead there.

    Whoever is in the network can answer, so it is only a proposal: a person decides.
    """

    service: str
    name: str
    values: Mapping[str, PlainValue] = field(default_factory=dict)


class Finder(Protocol):
    """Looks for the places of one service."""

    async def __call__(self, network: Network, /, *, seconds: float) -> Sequence[Found]:
        """Ask the network and return what answered. Raises Transient where it cannot be asked."""


def shown_name(given: object, *, otherwise: str) -> str:
    """Return what something calls itself, fit to be shown."""
    name = cut(clean(given), LONGEST_NAME).strip() if isinstance(given, str) else ""
    return name or otherwise


def each_once(found: Iterable[Found]) -> tuple[Found, ...]:
    """Return every place once, whatever number of ways it answered on, by its name."""
    places: dict[tuple[str, tuple[tuple[str, PlainValue], ...]], Found] = {}
    for one in found:
        places.setdefault((one.service, tuple(sorted(one.values.items()))), one)
    return tuple(sorted(places.values(), key=lambda one: (one.name.casefold(), str(one.values))))
