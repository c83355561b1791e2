"""What was found out about a sender, as it stands in the column ``known`` of its row."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.clock import from_ms, to_ms
from metarr_desktop.domain.senders import slug
from metarr_desktop.domain.text import Text, text_from_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from metarr_desktop.domain.senders import Sender


class Trouble(StrEnum):
    """Why a sender could not be asked the last time."""

    UNREACHABLE = "unreachable"
    KEY_REJECTED = "key_rejected"
    WRONG_PROGRAM = "wrong_program"


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What is known of one sender; what a person damaged by hand counts as not known.

    ``webhook_id`` and ``webhook_url`` are our webhook there, made by ``computer``; ``own_host`` is the
    address of this computer that a person chose for it; one that ``is_foreign``, such as a name or the
    address of a router, is not among its own. ``wanted_url`` is what that webhook should call and
    does not. History is read up to ``caught_up_to``, by the sender's own clock; what lies before
    ``dismissed_until`` is not wanted. ``missed`` imports up to ``missed_until`` wait for a person's word.
    ``untold`` are the jobs that recovered imports of which nobody was told before ``told_by`` has ended.
    ``stopped``: it does not call us after failed deliveries.
    """

    version: str = ""
    instance_name: str = ""
    is_docker: bool = False
    webhook_id: int | None = None
    webhook_url: str = ""
    wanted_url: str = ""
    own_host: str = ""
    own_host_is_foreign: bool = False
    computer: str = ""
    key_sha256: str = ""
    connected_at: datetime | None = None
    caught_up_to: datetime | None = None
    dismissed_until: datetime | None = None
    last_catch_up: datetime | None = None
    missed: int = 0
    missed_until: datetime | None = None
    untold: tuple[int, ...] = ()
    told_by: int | None = None
    root_folders: tuple[str, ...] = ()
    trouble: Trouble | None = None
    trouble_text: Text | None = None
    stopped: bool = False

    @classmethod
    def of(cls, sender: Sender) -> Knowledge:
        """Read what is known of a sender."""
        known = sender.known
        folders, untold = known.get("root_folders"), known.get("untold")
        return cls(
            version=_word(known, "version"),
            instance_name=_word(known, "instance_name"),
            is_docker=known.get("is_docker") is True,
            webhook_id=_number(known, "webhook_id"),
            webhook_url=_word(known, "webhook_url"),
            wanted_url=_word(known, "wanted_url"),
            own_host=_word(known, "own_host"),
            own_host_is_foreign=known.get("own_host_is_foreign") is True,
            computer=_word(known, "computer"),
            key_sha256=_word(known, "key_sha256"),
            connected_at=_instant(known, "connected_at"),
            caught_up_to=_instant(known, "caught_up_to"),
            dismissed_until=_instant(known, "dismissed_until"),
            last_catch_up=_instant(known, "last_catch_up"),
            missed=_number(known, "missed") or 0,
            missed_until=_instant(known, "missed_until"),
            root_folders=tuple(each for each in folders if isinstance(each, str))
            if isinstance(folders, list)
            else (),
            untold=tuple(each for each in untold if isinstance(each, int))
            if isinstance(untold, list)
            else (),
            told_by=_number(known, "told_by"),
            trouble=_trouble(known),
            trouble_text=text_from_json(_word(known, "trouble_text")),
            stopped=known.get("stopped") is True,
        )


def names_of(sender: Sender, senders: Iterable[Sender]) -> frozenset[str]:
    """Return the names under which webhooks of a sender come: ours, and its own unless another has it."""
    others = {each.slug for each in senders if each.type == sender.type and each.id != sender.id}
    own = slug(_word(sender.known, "instance_name"))
    return frozenset({sender.slug, own} - (others | {""}))


def trouble_news(kind: Trouble | None, words: Text | None = None) -> dict[str, Any]:
    """Return what to learn of a sender that could not be asked, or, without a kind, that could."""
    return {
        "trouble": None if kind is None else kind.value,
        "trouble_text": None if words is None else words.to_json(),
    }


def as_known(instant: datetime | None) -> int | None:
    """Return an instant in the form in which it is kept."""
    return None if instant is None else to_ms(instant)


def _word(known: Mapping[str, Any], name: str) -> str:
    value = known.get(name)
    return value if isinstance(value, str) else ""


def _number(known: Mapping[str, Any], name: str) -> int | None:
    value = known.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _instant(known: Mapping[str, Any], name: str) -> datetime | None:
    value = _number(known, name)
    try:
        return None if value is None else from_ms(value)
    except OverflowError:
        return None


def _trouble(known: Mapping[str, Any]) -> Trouble | None:
    try:
        return Trouble(_word(known, "trouble"))
    except ValueError:
        return None
