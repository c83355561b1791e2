"""Imports that a sender's history knows and we do not."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.events import IncomingWebhook, MediaEvent
from metarr_desktop.domain.web_address import host_of
from metarr_desktop.webhooks.imports import import_keys, keys_by_hand
from metarr_desktop.webhooks.sources.history import date_of, word

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from metarr_desktop.domain.knowledge import Knowledge
    from metarr_desktop.domain.senders import Sender
    from metarr_desktop.webhooks.sources.declaration import Source

logger = logging.getLogger(__name__)

MARGIN = timedelta(minutes=10)
"""So much is read once more: the clocks of two computers differ."""
LONGEST = timedelta(days=14)
TOO_YOUNG = timedelta(minutes=2)
"""The webhook of what was imported so shortly ago may still be on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The part of a history that is of interest: after ``since`` and not after ``until``."""

    since: datetime
    until: datetime

    @classmethod
    def of(cls, known: Knowledge, *, now: datetime, at_once: bool) -> Window:
        """Return the window of a run; ``now`` is by the sender's clock.

        It begins a little before the last one ended, at most 14 days back, and never before the sender was
        connected or what a person dismissed. ``at_once`` it takes in what was imported just now.
        """
        read_to = None if known.caught_up_to is None else known.caught_up_to - MARGIN
        marks = [each for each in (known.connected_at, read_to, known.dismissed_until) if each is not None]
        # What lies ahead was noted before the sender's clock was set back: it would hide all until then.
        past = [each for each in marks if each <= now]
        since = max([*past, now - LONGEST]) if past else now
        return cls(since=since, until=now if at_once else now - TOO_YOUNG)

    def holds(self, record: Mapping[str, Any]) -> bool:
        """Whether a record lies inside."""
        at = date_of(record)
        return at is not None and self.since < at <= self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundImport:
    """One import of a history, as the webhook that it should have been.

    ``by_hand`` are the keys that its webhook has where a person imported what was downloaded.
    """

    body: bytes
    event: MediaEvent
    keys: tuple[str, ...]
    by_hand: tuple[str, ...] = ()

    def webhook(self, sender: Sender, *, job_id: int) -> IncomingWebhook:
        """Return what is stored, marked as recovered by a job."""
        return IncomingWebhook(
            source=sender.type,
            event_type="Download",
            instance=sender.slug,
            body=self.body,
            remote_address=host_of(sender.url),
            recovered=job_id,
            import_keys=self.keys,
        )


def wanted_records(
    records: Iterable[Mapping[str, Any]], window: Window, *, event_type: str
) -> list[Mapping[str, Any]]:
    """Return the imports inside the window, oldest first; some versions list other events as well."""
    found = [
        record
        for record in records
        if window.holds(record) and word(record, "eventType").casefold() == event_type.casefold()
    ]
    return sorted(found, key=lambda record: word(record, "date"))


def with_labels(
    records: Iterable[Mapping[str, Any]], labels: Mapping[int, str], *, owner: str
) -> list[Mapping[str, Any]]:
    """Put names in place of the numbers of tags, as webhooks have them."""
    return [_with_labels(record, labels, owner) for record in records]


def _with_labels(record: Mapping[str, Any], labels: Mapping[int, str], owner: str) -> Mapping[str, Any]:
    inner = record.get(owner)
    if not isinstance(inner, dict) or not isinstance(inner.get("tags"), list):
        return record
    tags = [labels[each] for each in inner["tags"] if isinstance(each, int) and each in labels]
    return {**record, owner: {**inner, "tags": tags}}


def found_imports(
    records: Sequence[Mapping[str, Any]], *, source: Source, sender: Sender, known: Knowledge
) -> list[FoundImport]:
    """Make webhooks of records; what has no meaning or cannot be told apart is left out."""
    if source.interface is None:
        return []
    found: list[FoundImport] = []
    seen: set[str] = set()
    for body in source.interface.recovered(records):
        told = {**body, "instanceName": known.instance_name or sender.name, "applicationUrl": sender.url}
        try:
            event = source.parse(told)
        except Permanent as error:
            logger.warning("An import in the history of %s was not understood: %s", sender.name, error)
            continue
        keys = import_keys(event, sender_id=sender.id) if isinstance(event, MediaEvent) else ()
        if not isinstance(event, MediaEvent) or not set(keys) - seen:
            continue
        seen.update(keys)
        found.append(
            FoundImport(
                body=json.dumps(told, ensure_ascii=False).encode("utf-8", "replace"),
                event=event,
                keys=keys,
                by_hand=keys_by_hand(event, sender_id=sender.id),
            )
        )
    return found


def unknown(found: Iterable[FoundImport], keys: Collection[str]) -> list[FoundImport]:
    """Return the imports of which something was never told."""
    told = set(keys)
    return [
        each
        for each in found
        if not set(each.keys) <= told and not (each.by_hand and set(each.by_hand) <= told)
    ]
