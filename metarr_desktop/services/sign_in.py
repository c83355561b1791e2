"""Signing in at a service: a person agrees elsewhere, and the secrets come by themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from metarr_desktop.domain.forms import PlainValue
    from metarr_desktop.domain.text import Text
    from metarr_desktop.services.tools import Tools


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What a person has to do ``until`` then: open the ``link``, and type the ``code`` where there is one."""

    words: Text
    until: datetime
    code: str = field(default="", repr=False)
    link: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One of several to choose from."""

    key: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """What goes into the form, and what was found; ``warnings`` are about what will not work with it."""

    detail: Text
    values: Mapping[str, PlainValue]
    secrets: Mapping[str, str] = field(repr=False)
    warnings: tuple[Text, ...] = ()


class Talk(Protocol):
    """The person who signs in, as a service sees them."""

    def show(self, prompt: Prompt, /) -> None:
        """Say what to do now; it stays shown while the service waits."""

    def tell(self, news: Text, /) -> None:
        """Say what is going on instead."""

    async def choose(self, question: Text, offers: Sequence[Offer], /) -> Offer:
        """Let them choose one."""


class Steps(Protocol):
    """The way of one service; ending the task ends everything it does."""

    async def __call__(self, tools: Tools, values: Mapping[str, PlainValue], talk: Talk, /) -> SignedIn:
        """Go all the way, with what stands in the form. Raises from ``domain/errors.py``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """What its button says, the fields that have to be filled before, and the steps."""

    label: Text
    steps: Steps
    needs: tuple[str, ...] = ()
