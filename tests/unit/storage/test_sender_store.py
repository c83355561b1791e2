from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.errors import NotFound, Refused
from metarr_desktop.domain.events import IncomingWebhook
from metarr_desktop.storage.database import postgres_database
from metarr_desktop.storage.postgres_schema import prepare_postgres
from metarr_desktop.storage.sender_store import MOST_SEEN, SenderStore
from metarr_desktop.storage.sql_job_store import SqlJobStore
from tests.fakes import START

if TYPE_CHECKING:
    from metarr_desktop.domain.senders import Sender
    from metarr_desktop.storage.database import Database


@pytest.fixture
def senders(any_database: Database) -> SenderStore:
    return SenderStore(any_database)


async def add(
    senders: SenderStore, name: str, *, kind: str = "radarr", url: str = "http://nas:7878"
) -> Sender:
    return await senders.add(
        name, type=kind, url=url, values={"url": url}, kept_secrets=["api_key"], now=START
    )


async def seen(
    senders: SenderStore, instance: str, *, kind: str = "radarr", later: timedelta = timedelta(0)
) -> Sender:
    sender = await senders.seen(kind, instance, default=kind.capitalize(), now=START + later)
    assert sender is not None
    return sender


async def test_a_sender_that_was_added_is_found_in_any_spelling(senders: SenderStore) -> None:
    added = await add(senders, "  Radarr   4K ")
    assert (added.name, added.slug, added.secret_prefix) == ("Radarr 4K", "radarr-4k", "source-radarr-4k")
    assert (added.values, added.kept_secrets) == ({"url": "http://nas:7878"}, frozenset({"api_key"}))
    assert (added.enabled, added.last_contact, added.known) == (True, None, {})
    assert await senders.sender("radarr-4k") == await senders.by_id(added.id) == added
    assert await senders.senders() == (added,)


@pytest.mark.parametrize("name", ["", "  ", "!!!", "\N{CLAPPER BOARD}", "x" * 61])
async def test_a_name_that_makes_no_address_is_refused(senders: SenderStore, name: str) -> None:
    with pytest.raises(Refused, match="at least one letter from a to z"):
        await add(senders, name)


async def test_a_name_is_given_once_but_one_that_was_seen_is_set_up(senders: SenderStore) -> None:
    met = await seen(senders, "Radarr")
    added = await add(senders, "RADARR")
    assert (added.id, added.name, added.url) == (met.id, "Radarr", "http://nas:7878")
    with pytest.raises(Refused, match="There is a sender called radarr already"):
        await add(senders, "radarr")
    with pytest.raises(Refused, match="There is a sender called Radarr already"):
        await add(senders, "Radarr", kind="sonarr")


async def test_settings_are_replaced_and_what_is_known_is_not(senders: SenderStore) -> None:
    added = await add(senders, "Radarr")
    await senders.learn(added.id, {"version": "6.0.3", "webhook": 7})
    await senders.learn(added.id, {"webhook": None})
    saved = await senders.save(added.id, url="http://box", values={}, kept_secrets=[], now=START)
    assert (saved.url, saved.values, saved.kept_secrets) == ("http://box", {}, frozenset())
    assert saved.known == {"version": "6.0.3"}


async def test_a_sender_is_turned_off_and_removed(senders: SenderStore) -> None:
    added = await add(senders, "Radarr")
    await senders.set_enabled(added.id, enabled=False, now=START)
    assert not (await senders.by_id(added.id)).enabled
    assert not (await seen(senders, "Radarr")).enabled
    await senders.remove(added.id)
    with pytest.raises(NotFound, match="There is no sender called Radarr"):
        await senders.sender("Radarr")
    for call in (
        senders.by_id(added.id),
        senders.set_enabled(added.id, enabled=True, now=START),
        senders.save(added.id, url="", values={}, kept_secrets=[], now=START),
    ):
        with pytest.raises(NotFound, match="was removed"):
            await call
    await senders.learn(added.id, {"version": "1"})


async def test_whoever_sends_is_met_once_and_found_again(senders: SenderStore) -> None:
    met = await seen(senders, "")
    assert (met.name, met.type, met.url) == ("Radarr", "radarr", "")
    assert (await seen(senders, "radarr")).id == met.id
    other = await seen(senders, "Radarr 4K")
    assert other.id != met.id
    assert (await seen(senders, "radarr-4k")).id == other.id
    assert [sender.name for sender in await senders.senders()] == ["Radarr", "Radarr 4K"]


async def test_a_sender_is_found_by_the_name_it_gives_itself(senders: SenderStore) -> None:
    added = await add(senders, "Films")
    await senders.learn(added.id, {"instance_name": "My Radarr"})
    assert (await seen(senders, "my radarr")).id == added.id
    assert (await seen(senders, "films")).id == added.id


async def test_two_types_may_give_themselves_one_name(senders: SenderStore) -> None:
    films = await seen(senders, "Media")
    series = await seen(senders, "Media", kind="sonarr")
    assert (films.name, series.name) == ("Media", "Media (sonarr)")
    assert (await seen(senders, "media", kind="sonarr")).id == series.id
    assert (await seen(senders, "Media")).id == films.id


async def test_names_that_fit_no_address_are_told_apart_all_the_same(senders: SenderStore) -> None:
    plain = await seen(senders, "Radarr")
    first, second = (
        await seen(senders, "\u0424\u0438\u043b\u044c\u043c\u044b"),
        await seen(senders, "\u6620\u753b"),
    )
    assert (first.name, second.name) == ("Radarr 2", "Radarr 3")
    assert (await seen(senders, "\u0444\u0438\u043b\u044c\u043c\u044b")).id == first.id
    assert (await seen(senders, "\u6620\u753b")).id == second.id
    assert (await seen(senders, "")).id == plain.id


async def test_a_name_longer_than_ours_is_found_again(senders: SenderStore) -> None:
    met = await seen(senders, "radarr " * 20)
    assert len(met.name) <= 60
    assert (await seen(senders, "radarr " * 20)).id == met.id


async def test_nobody_makes_up_senders_without_end(senders: SenderStore) -> None:
    for number in range(MOST_SEEN):
        await seen(senders, f"radarr {number}")
    assert await senders.seen("radarr", "one more", default="Radarr", now=START) is None
    assert (await seen(senders, "radarr 3")).name == "radarr 3"
    assert (await seen(senders, "Sonarr", kind="sonarr")).name == "Sonarr"


async def test_a_contact_is_noted_once_a_minute(senders: SenderStore) -> None:
    await seen(senders, "Radarr")
    await seen(senders, "Radarr", later=timedelta(seconds=59))
    assert (await senders.sender("Radarr")).last_contact == START
    await seen(senders, "Radarr", later=timedelta(minutes=1))
    assert (await senders.sender("Radarr")).last_contact == START + timedelta(minutes=1)


async def test_webhooks_are_counted_by_type_and_name(any_database: Database, senders: SenderStore) -> None:
    store = SqlJobStore(any_database)
    for instance, hour in (("Radarr", 0), ("Radarr", 2), ("4K", 2)):
        webhook = IncomingWebhook(
            source="radarr", event_type="Test", instance=instance, body=b"{}", remote_address="::1"
        )
        await store.store_webhook(webhook, now=START + timedelta(hours=hour))
    assert await senders.counts_since(START + timedelta(hours=1)) == {
        ("radarr", "Radarr"): 1,
        ("radarr", "4K"): 1,
    }
    assert sum((await senders.counts_since(START)).values()) == 3


async def test_what_two_computers_learn_at_once_is_kept_both(postgres_url: str) -> None:
    await asyncio.to_thread(prepare_postgres, postgres_url)
    den, attic = (postgres_database(postgres_url, sender=name) for name in ("den", "attic"))
    try:
        added = await add(SenderStore(den), "Radarr")

        async def learn(database: Database, name: str) -> None:
            for number in range(60):
                await SenderStore(database).learn(added.id, {f"{name}{number}": number})

        await asyncio.gather(learn(den, "den"), learn(attic, "attic"))
        assert len((await SenderStore(den).by_id(added.id)).known) == 120
    finally:
        await den.close()
        await attic.close()
