"""What is seen of looking for services and of signing in at them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from metarr_desktop.domain.forms import PlainValue
    from metarr_desktop.domain.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSnapshot:
    """A place on the network; ``values`` are for the form of its service.

    It is ``set_up`` where the settings lead there already. The values are ``complete`` where nothing else is
    needed to use it; ``sign_in`` is the label of the button that fetches the rest, where that is possible.
    A service may have several such places where it ``is_player``, and it ``adds`` one where it has some.
    """

    service: str
    title: str
    name: str
    address: str
    values: Mapping[str, PlainValue]
    set_up: bool
    complete: bool = False
    is_player: bool = False
    adds: bool = False
    sign_in: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindReport:
    """All that was found, and what could not be looked for."""

    found: tuple[FoundSnapshot, ...]
    failures: tuple[Text, ...] = ()


class SignInPhase(StrEnum):
    """How far a sign-in is."""

    WORKING = "working"
    WAITING = "waiting"
    CHOOSING = "choosing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Whether nothing more happens."""
        return self in {SignInPhase.DONE, SignInPhase.FAILED, SignInPhase.CANCELLED}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInSnapshot:
    """How a sign-in stands; ``version`` grows with each change.

    While WAITING a person has to do what ``words`` say until ``until``; while CHOOSING one of ``offers`` is
    wanted, each a key and a title.
    """

    id: int
    service: str
    version: int
    phase: SignInPhase
    words: Text
    code: str = field(default="", repr=False)
    link: str = field(default="", repr=False)
    until: datetime | None = None
    offers: tuple[tuple[str, str], ...] = ()
    warnings: tuple[Text, ...] = ()
