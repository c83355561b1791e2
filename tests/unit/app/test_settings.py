from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.settings import AppSettings, complaint
from metarr_desktop.app.snapshots import SettingsSnapshot
from metarr_desktop.domain.bus import Bus
from metarr_desktop.domain.changes import Change, SettingsChanged
from metarr_desktop.domain.errors import Refused
from metarr_desktop.storage.database import SqliteDatabase
from metarr_desktop.storage.schema import prepare
from metarr_desktop.storage.settings_store import SettingsStore
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SettingsStore]:
    prepare(tmp_path / "metarr.db")
    database = SqliteDatabase(tmp_path / "metarr.db")
    yield SettingsStore(database)
    await database.close()


def new_settings(store: SettingsStore, bus: Bus | None = None) -> AppSettings:
    return AppSettings(store=store, bus=bus or Bus(), clock=FakeClock())


async def test_saved_settings_are_there_after_a_restart(store: SettingsStore) -> None:
    told: list[Change] = []
    bus = Bus()
    bus.subscribe(told.append)
    await new_settings(store, bus).save({"port": 4000, "theme": "dark", "allow": "home"})
    later = new_settings(store)
    await later.load()
    assert later.snapshot == SettingsSnapshot(port=4000, theme="dark", allow="home")
    assert told == [SettingsChanged()]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", 0),
        ("port", 65_536),
        ("port", "3000"),
        ("port", True),
        ("allow", "everybody"),
        ("theme", 1),
        ("no_such", 1),
        ("keep_done_days", 0),
        ("keep_done_days", 3651),
        ("keep_failed_days", 0),
        ("keep_failed_days", 3651),
        ("deliver_within_days", 0),
        ("deliver_within_days", 366),
        ("host_override", "0.0.0.0"),
    ],
)
async def test_a_value_that_cannot_be_is_refused_and_nothing_is_saved(
    store: SettingsStore, name: str, value: object
) -> None:
    settings = new_settings(store)
    with pytest.raises(Refused):
        await settings.save({"theme": "dark", name: value})
    assert settings.snapshot == SettingsSnapshot()
    assert dict(await store.all()) == {}


async def test_what_a_person_broke_by_hand_falls_back_to_its_default(store: SettingsStore) -> None:
    await store.save({"port": "many", "theme": "dark", "pause": 5, "unknown": 1}, now=FakeClock().now())
    settings = new_settings(store)
    await settings.load()
    assert settings.snapshot == SettingsSnapshot(theme="dark")
    assert settings.pause == (False, None)


async def test_a_pause_survives_a_restart_with_its_end(store: SettingsStore) -> None:
    until = FakeClock().now() + timedelta(hours=1)
    await new_settings(store).save_pause(paused=True, until=until)
    later = new_settings(store)
    await later.load()
    assert later.pause == (True, until)
    await later.save_pause(paused=False, until=None)
    last = new_settings(store)
    await last.load()
    assert last.pause == (False, None)


async def test_a_port_for_one_run_is_not_saved(store: SettingsStore) -> None:
    settings = new_settings(store)
    settings.override(port=5000, host="127.0.0.2")
    assert (settings.port, settings.snapshot.port, settings.snapshot.host_override) == (
        5000,
        3000,
        "127.0.0.2",
    )
    assert dict(await store.all()) == {}


async def test_a_port_chosen_while_another_holds_for_this_run_is_used_at_once(store: SettingsStore) -> None:
    settings = new_settings(store)
    settings.override(port=0, host=None)
    await settings.save({"theme": "dark"})
    assert settings.port == 0
    settings.use({"port": 3000})
    assert settings.port == 0
    settings.use({"port": 3001})
    assert settings.port == 3001


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("keep_done_days", "Done jobs are kept 1 to 3650 days."),
        ("keep_failed_days", "Failed jobs are kept 1 to 3650 days."),
        ("deliver_within_days", "Deliveries are given up after 1 to 365 days."),
    ],
)
async def test_a_number_out_of_bounds_is_answered_with_its_bounds(
    store: SettingsStore, name: str, sentence: str
) -> None:
    with pytest.raises(Refused) as refused:
        await new_settings(store).save({name: 9999})
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("name", "typed", "stored"),
    [
        ("allow_only", "192.168.1.30,10.0.0.9/8", "192.168.1.30, 10.0.0.0/8"),
        ("trusted_proxies", " 127.0.0.1 ", "127.0.0.1"),
        ("base_path", "metarr/", "/metarr"),
        ("base_path", "/", ""),
    ],
)
async def test_lists_and_paths_are_stored_in_one_form(
    store: SettingsStore, name: str, typed: str, stored: str
) -> None:
    settings = new_settings(store)
    await settings.save(settings.parse({name: typed}))
    assert getattr(settings.snapshot, name) == stored
    later = new_settings(store)
    await later.load()
    assert getattr(later.snapshot, name) == stored
    used = new_settings(store)
    used.use({name: typed})
    assert getattr(used.snapshot, name) == stored


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("allow_only", "10.0.0.1, nas", "nas is no address. Write 192.168.1.30 or 192.168.1.0/24."),
        (
            "trusted_proxies",
            "10.0.0.0/40",
            "10.0.0.0/40 is no address. Write 192.168.1.30 or 192.168.1.0/24.",
        ),
        ("base_path", "/a b", "/a b cannot be a base path. Write it like /metarr."),
    ],
)
async def test_a_list_or_path_that_means_nothing_is_named(
    store: SettingsStore, name: str, typed: str, sentence: str
) -> None:
    settings = new_settings(store)
    with pytest.raises(Refused) as refused:
        settings.parse({name: typed})
    assert str(refused.value) == str(complaint(name, typed)) == sentence
    assert complaint(name, "") is None
    with pytest.raises(Refused):
        await settings.save({name: typed})
    assert settings.snapshot == SettingsSnapshot()
