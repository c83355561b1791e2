"""The senders of a household: the table ``sources``."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.errors import NotFound, Refused
from metarr_desktop.domain.senders import LONGEST_NAME, Sender, slug
from metarr_desktop.domain.text import text
from metarr_desktop.storage.rows import optional_instant, read_json, write_json
from metarr_desktop.storage.service_store import SECRET_MARKER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime

    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql

COLUMNS = "id, type, instance, url, enabled, config, known, last_contact"
CONTACT_EVERY = timedelta(minutes=1)
"""A contact is worth a write only so often."""
OWN_NAME = "instance_name"
"""Where among what is known of a sender the name stands that it gives itself."""
MOST_SEEN = 20
"""So many senders of one type are added by their webhooks alone; a hostile one makes up no more."""
NO_NAME = "A name has at least one letter from a to z or a digit, and at most {most} characters."


class SenderStore:
    """Reads and writes; a sender is found by its name, in any spelling that makes the same address."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def senders(self) -> tuple[Sender, ...]:
        """Every sender, by type and name."""
        return await self._database.read(_senders)

    async def sender(self, name: str) -> Sender:
        """One sender. Raises NotFound."""
        return await self._database.read(_sender, name)

    async def by_id(self, sender_id: int) -> Sender:
        """One sender. Raises NotFound."""
        return await self._database.read(_by_id, sender_id)

    async def add(
        self,
        name: str,
        *,
        type: str,  # noqa: A002 - the public word
        url: str,
        values: Mapping[str, Any],
        kept_secrets: Collection[str],
        now: datetime,
    ) -> Sender:
        """Add a sender, or set up the one of that name and type that was seen. Raises Refused."""
        return await self._database.run(_add, name, type, url, values, tuple(kept_secrets), now)

    async def save(
        self,
        sender_id: int,
        *,
        url: str,
        values: Mapping[str, Any],
        kept_secrets: Collection[str],
        now: datetime,
    ) -> Sender:
        """Replace a sender's settings. Raises NotFound."""
        return await self._database.run(_save, sender_id, url, values, tuple(kept_secrets), now)

    async def set_enabled(self, sender_id: int, *, enabled: bool, now: datetime) -> None:
        """Listen to a sender, or skip what it sends. Raises NotFound."""
        await self._database.run(_set_enabled, sender_id, enabled, now)

    async def learn(self, sender_id: int, news: Mapping[str, Any]) -> None:
        """Keep what was found out about a sender; None forgets. One that is gone is no error."""
        await self._database.run(_learn, sender_id, dict(news))

    async def remove(self, sender_id: int) -> None:
        """Forget a sender; its webhooks stay in the history."""
        await self._database.run(_remove, sender_id)

    async def seen(
        self,
        type: str,  # noqa: A002 - the public word
        instance: str,
        *,
        default: str,
        now: datetime,
        contact: bool = True,
    ) -> Sender | None:
        """Return who sent a webhook, and note the contact; somebody new is added under this name.

        ``instance`` is the name in the address or in the body, ``default`` what it is called without one.
        It was no ``contact`` where we asked ourselves. None where a new one is one too many.
        """
        sender = await self._database.read(_match, type, instance or default)
        if sender is not None and not (
            contact and _is_due(sender, now)
        ):  # the common case is worth no transaction
            return sender
        return await self._database.run(_seen, type, instance, default, now)

    async def counts_since(self, since: datetime) -> Mapping[tuple[str, str], int]:
        """How many webhooks came since then, by type and name as sent."""
        return await self._database.read(_counts_since, since)


def _senders(db: Sql) -> tuple[Sender, ...]:
    rows = db.execute(f"SELECT {COLUMNS} FROM sources ORDER BY type, slug").fetchall()
    return tuple(_read(row) for row in rows)


def _sender(db: Sql, name: str) -> Sender:
    row = db.execute(f"SELECT {COLUMNS} FROM sources WHERE slug = ?", (slug(name),)).fetchone()
    if row is None:
        raise NotFound(text("There is no sender called {name}.", name=name[:LONGEST_NAME]))
    return _read(row)


def _by_id(db: Sql, sender_id: int) -> Sender:
    row = db.execute(f"SELECT {COLUMNS} FROM sources WHERE id = ?", (sender_id,)).fetchone()
    if row is None:
        raise _gone()
    return _read(row)


def _add(
    db: Sql,
    name: str,
    kind: str,
    url: str,
    values: Mapping[str, Any],
    kept_secrets: tuple[str, ...],
    now: datetime,
) -> Sender:
    name = " ".join(name.split())
    if not slug(name) or len(name) > LONGEST_NAME:
        raise Refused(text(NO_NAME, most=LONGEST_NAME))
    known = db.execute("SELECT id, type, url FROM sources WHERE slug = ?", (slug(name),)).fetchone()
    if known is not None and (known[1] != kind or known[2]):
        raise Refused(text("There is a sender called {name} already. Choose another name.", name=name))
    if known is not None:
        return _save(db, known[0], url, values, kept_secrets, now)
    row = db.execute(
        "INSERT INTO sources (type, instance, slug, url, config, created_at, updated_at)"
        f" VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING {COLUMNS}",
        (kind, name, slug(name), url, _config(values, kept_secrets), to_ms(now), to_ms(now)),
    ).fetchone()
    db.tell("settings")
    return _read(row)


def _save(
    db: Sql, sender_id: int, url: str, values: Mapping[str, Any], kept_secrets: tuple[str, ...], now: datetime
) -> Sender:
    row = db.execute(
        f"UPDATE sources SET url = ?, config = ?, updated_at = ? WHERE id = ? RETURNING {COLUMNS}",
        (url, _config(values, kept_secrets), to_ms(now), sender_id),
    ).fetchone()
    if row is None:
        raise _gone()
    db.tell("settings")
    return _read(row)


def _set_enabled(db: Sql, sender_id: int, enabled: bool, now: datetime) -> None:
    changed = db.execute(
        "UPDATE sources SET enabled = ?, updated_at = ? WHERE id = ?", (int(enabled), to_ms(now), sender_id)
    )
    db.tell("settings")
    if changed.rowcount == 0:
        raise _gone()


def _learn(db: Sql, sender_id: int, news: dict[str, Any]) -> None:
    changed = 0
    while not changed:  # another computer may learn something else at the same time
        row = db.execute("SELECT known FROM sources WHERE id = ?", (sender_id,)).fetchone()
        if row is None:
            return
        known = {name: value for name, value in {**read_json(row[0]), **news}.items() if value is not None}
        changed = db.execute(
            "UPDATE sources SET known = ? WHERE id = ? AND known = ?", (write_json(known), sender_id, row[0])
        ).rowcount
    db.tell("settings")


def _remove(db: Sql, sender_id: int) -> None:
    db.execute("DELETE FROM sources WHERE id = ?", (sender_id,))
    db.tell("settings")


def _seen(db: Sql, kind: str, instance: str, default: str, now: datetime) -> Sender | None:
    sender = _match(db, kind, instance or default)
    if sender is None:
        sender = _meet(db, kind, instance or default, default, now)
    if sender is None:
        return None
    if _is_due(sender, now):
        db.execute("UPDATE sources SET last_contact = ? WHERE id = ?", (to_ms(now), sender.id))
    return sender


def _is_due(sender: Sender, now: datetime) -> bool:
    """Whether a contact is worth noting; one in the future was noted before the clock was set back."""
    return sender.last_contact is None or abs(now - sender.last_contact) >= CONTACT_EVERY


def _match(db: Sql, kind: str, instance: str) -> Sender | None:
    """By our name for it, else by the name it gives itself."""
    rows = db.execute(f"SELECT {COLUMNS} FROM sources WHERE type = ? ORDER BY id", (kind,)).fetchall()
    senders = [_read(row) for row in rows]
    wanted = slug(instance[:LONGEST_NAME])
    by_name = (each for each in senders if wanted and each.slug == wanted)
    by_itself = (each for each in senders if _is_called(instance, by_itself=each.known.get(OWN_NAME)))
    return next(by_name, None) or next(by_itself, None)


def _is_called(instance: str, *, by_itself: object) -> bool:
    if not isinstance(by_itself, str) or not by_itself:
        return False
    spelling = slug(instance)
    return slug(by_itself) == spelling if spelling else by_itself.casefold() == instance.casefold()


def _meet(db: Sql, kind: str, instance: str, default: str, now: datetime) -> Sender | None:
    """Add somebody new, under another name where its own is taken by another type or fits no address."""
    (count,) = db.execute("SELECT COUNT(*) FROM sources WHERE type = ?", (kind,)).fetchone()
    if count >= MOST_SEEN:
        return None
    for name in _names(kind, instance, default):
        known = {} if name == instance else {OWN_NAME: instance}
        row = db.execute(
            "INSERT INTO sources (type, instance, slug, known, created_at, updated_at)"
            f" VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (slug) DO NOTHING RETURNING {COLUMNS}",
            (kind, name, slug(name), write_json(known), to_ms(now), to_ms(now)),
        ).fetchone()
        if row is not None:
            db.tell("settings")
            return _read(row)
    return None


def _names(kind: str, instance: str, default: str) -> Iterator[str]:
    if slug(instance[:LONGEST_NAME]):
        ending = f" ({kind})"
        yield instance[:LONGEST_NAME].strip()
        yield instance[: LONGEST_NAME - len(ending)].strip() + ending
    else:
        yield default
        yield from (f"{default} {number}" for number in range(2, MOST_SEEN + 1))


def _counts_since(db: Sql, since: datetime) -> Mapping[tuple[str, str], int]:
    rows = db.execute(
        "SELECT source, instance, COUNT(*) FROM webhook_events WHERE received_at >= ? GROUP BY 1, 2",
        (to_ms(since),),
    ).fetchall()
    return {(row[0], row[1]): row[2] for row in rows}


def _config(values: Mapping[str, Any], kept_secrets: tuple[str, ...]) -> str:
    return write_json({**values, **dict.fromkeys(sorted(kept_secrets), SECRET_MARKER)})


def _read(row: tuple[Any, ...]) -> Sender:
    config = read_json(row[5])
    return Sender(
        id=row[0],
        type=row[1],
        name=row[2],
        url=row[3],
        enabled=bool(row[4]),
        values={name: value for name, value in config.items() if value != SECRET_MARKER},
        kept_secrets=frozenset(name for name, value in config.items() if value == SECRET_MARKER),
        known=read_json(row[6]),
        last_contact=optional_instant(row[7]),
    )


def _gone() -> NotFound:
    return NotFound("This sender was removed.")
