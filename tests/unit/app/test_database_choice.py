from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.database_choice import (
    DatabaseChoice,
    choose_database,
    parse_choice,
    split_password,
    without_password,
    write_choice,
)
from metarr_desktop.domain.errors import Refused, StorageFailed
from tests.fakes import MemorySecretStore

if TYPE_CHECKING:
    from metarr_desktop.app.paths import AppPaths

URL = "postgresql://metarr@nas/metarr"


@pytest.fixture(autouse=True)
def _folder(paths: AppPaths) -> None:
    paths.prepare()


async def test_the_file_of_the_data_folder_is_used_where_nobody_names_another(paths: AppPaths) -> None:
    chosen = await choose_database(paths, given=None, secrets=MemorySecretStore())
    assert chosen == DatabaseChoice(file=paths.database)


async def test_the_option_counts_before_the_variable_and_that_before_what_is_stored(
    paths: AppPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = MemorySecretStore()
    write_choice(paths, "postgresql://stored/a", password_kept=False)
    assert (await choose_database(paths, given=None, secrets=secrets)).url == "postgresql://stored/a"
    monkeypatch.setenv("METARR_DATABASE_URL", "postgresql://variable/a")
    assert (await choose_database(paths, given=None, secrets=secrets)).url == "postgresql://variable/a"
    assert (await choose_database(paths, given=URL, secrets=secrets)).url == URL


async def test_the_keyring_is_asked_only_where_it_keeps_the_password_of_this_database(
    paths: AppPaths,
) -> None:
    secrets = MemorySecretStore({"database/password": "hush"})
    assert (await choose_database(paths, given=URL, secrets=secrets)).password is None
    assert secrets.asked == []
    write_choice(paths, URL, password_kept=True)
    assert (await choose_database(paths, given=None, secrets=secrets)).password == "hush"
    assert (await choose_database(paths, given="postgresql://other/a", secrets=secrets)).password is None


async def test_no_password_reaches_the_file_or_what_is_shown(paths: AppPaths) -> None:
    write_choice(paths, URL, password_kept=True)
    stored = json.loads(paths.database_choice.read_text())
    assert stored == {"url": URL, "password": {"$secret": True}}
    assert paths.database_choice.stat().st_mode & 0o777 == 0o600
    choice = parse_choice("postgresql://metarr:hush@nas:5433/metarr?sslmode=require", paths)
    assert choice.shown == "postgresql://metarr@nas:5433/metarr?sslmode=require"


@pytest.mark.parametrize(
    ("address", "file"),
    [("sqlite:////srv/metarr.db", "/srv/metarr.db"), ("sqlite:///srv/my%20films.db", "/srv/my films.db")],
)
def test_an_sqlite_file_outside_the_data_folder_can_be_named(
    paths: AppPaths, address: str, file: str
) -> None:
    assert parse_choice(address, paths) == DatabaseChoice(file=Path(file), own=True)


@pytest.mark.parametrize(
    "address", ["mysql://x/y", "metarr.db", "postgresql://", "sqlite://", "sqlite://host/x", "http://u:p@x"]
)
def test_an_address_of_nothing_is_refused_without_its_password(paths: AppPaths, address: str) -> None:
    with pytest.raises(Refused, match="no address of a database") as caught:
        parse_choice(address, paths)
    assert "p@" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u:p/hush@nas/x",
        "postgresql://u:p#hush@nas/x",
        "postgresql://u:p?hush@nas/x",
        "postgresql://[::1/hush",
        "postgres//u:hush@nas/x",
        "host=nas password=hush",
    ],
)
def test_an_address_torn_by_its_password_is_refused_without_it(paths: AppPaths, address: str) -> None:
    with pytest.raises(Refused, match="%40") as caught:
        parse_choice(address, paths)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("name", ["password", "sslpassword", "pass%77ord"])
async def test_a_password_behind_the_question_mark_is_one_too(paths: AppPaths, name: str) -> None:
    address = f"postgresql://nas/metarr?user=metarr&{name}=hu%20sh&sslmode=require"
    plain = "postgresql://nas/metarr?user=metarr&sslmode=require"
    assert parse_choice(address, paths).shown == plain
    assert split_password(address) == (plain, "hu sh")
    secrets = MemorySecretStore({"database/password": "other"})
    assert (await choose_database(paths, given=address, secrets=secrets)).password is None


def test_addresses_without_a_password_stay_as_they_are(paths: AppPaths) -> None:
    for address in (
        "postgresql:///metarr?host=/run/postgresql&port=5433",
        "postgresql://me@a:1,b:2/metarr",
        "sqlite:////home/me@work/password #1.db",
    ):
        assert split_password(address) == (address, None)
    assert parse_choice("postgresql://me@a:1,b:2/metarr", paths).shown == "postgresql://me@a:1,b:2/metarr"


def test_postgres_is_the_same_as_postgresql(paths: AppPaths) -> None:
    assert parse_choice("postgres://nas/metarr", paths).url == "postgresql://nas/metarr"


async def test_a_choice_broken_by_hand_is_told_and_not_passed_over(paths: AppPaths) -> None:
    paths.database_choice.write_text("{")
    with pytest.raises(StorageFailed, match="database use"):
        await choose_database(paths, given=None, secrets=MemorySecretStore())


def test_an_address_that_cannot_be_read_is_hidden() -> None:
    assert without_password("postgresql://[::1") == "(hidden)"
