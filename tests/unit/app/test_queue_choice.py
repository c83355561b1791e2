from __future__ import annotations

import pytest

from metarr_desktop.app.queue_choice import QueueChoice, choose_queue
from metarr_desktop.domain.errors import Refused
from tests.fakes import MemorySecretStore


@pytest.fixture(autouse=True)
def _nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("METARR_QUEUE_URL", raising=False)


async def chosen(given: str | None, **secrets: str) -> QueueChoice:
    store = MemorySecretStore()
    for name, value in secrets.items():
        await store.set(name.replace("_", "/"), value)
    return await choose_queue(given=given, secrets=store)


async def test_without_a_word_the_queue_lies_in_the_database() -> None:
    assert await chosen(None) == QueueChoice()


async def test_the_option_goes_before_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METARR_QUEUE_URL", "redis://variable")
    assert (await chosen(None)).url == "redis://variable"
    assert (await chosen("redis://option")).url == "redis://option"


@pytest.mark.parametrize(
    "address", ["redis://nas:6379/0", "rediss://nas", "unix:///run/redis.sock", "unix:///run/redis.sock?db=1"]
)
async def test_addresses_of_redis_are_taken_as_they_are(address: str) -> None:
    assert (await chosen(address)).url == address


@pytest.mark.parametrize(
    "address", ["nas:6379", "http://nas", "redis://", "unix://", "redis://nas:port", "redis://nas:0"]
)
async def test_what_is_no_address_of_redis_is_refused_with_an_example(address: str) -> None:
    with pytest.raises(Refused, match="redis://host:6379/0"):
        await chosen(address)


async def test_a_refused_address_does_not_show_its_password() -> None:
    with pytest.raises(Refused) as refused:
        await chosen("http://me:hidden@nas")
    assert "hidden" not in str(refused.value)


async def test_the_word_database_takes_the_queue_back() -> None:
    assert await chosen("database") == QueueChoice(home=True)


async def test_a_user_without_a_password_gets_the_one_that_is_kept() -> None:
    assert (await chosen("redis://me@nas", queue_password="kept")).password == "kept"


@pytest.mark.parametrize("address", ["redis://me:given@nas:6379/1", "redis://me@nas:6379/1?password=given"])
async def test_a_password_in_the_address_is_enough_and_is_not_shown(address: str) -> None:
    choice = await chosen(address, queue_password="kept")
    assert choice.password is None
    assert choice.shown == "redis://me@nas:6379/1"


async def test_the_passphrase_of_a_key_file_is_not_shown() -> None:
    choice = await chosen("rediss://nas:6379/1?ssl_certfile=/a&ssl_password=hidden")
    assert choice.shown == "rediss://nas:6379/1?ssl_certfile=/a"
