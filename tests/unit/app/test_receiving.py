from __future__ import annotations

import errno
import hashlib
import ipaddress
from types import SimpleNamespace
from typing import TYPE_CHECKING

import psutil
import pytest

from metarr_desktop.app.receiving import Receiving, own_addresses
from metarr_desktop.domain.errors import Refused, SecretsUnavailable
from metarr_desktop.domain.networks import parse_networks
from metarr_desktop.domain.senders import Sender
from metarr_desktop.webhooks.own_address import way_to
from metarr_desktop.webhooks.sources.registry import SOURCES

if TYPE_CHECKING:
    from metarr_desktop.app.core import Core
    from tests.fakes import MemorySecretStore


async def test_nobody_but_this_computer_is_heard_at_first(core: Core) -> None:
    assert core.receiving.host == "127.0.0.1"
    rules = core.receiving.rules()
    assert (rules.lan, rules.local_needs_key, rules.key_sha256) == (False, False, None)
    urls = [address.url for address in await core.queries.addresses()]
    assert urls[:3] == [
        "http://127.0.0.1:3000/webhooks/radarr",
        "http://127.0.0.1:3000/webhooks/sonarr",
        "http://127.0.0.1:3000/webhooks/lidarr",
    ]


async def test_allowing_the_home_network_makes_a_key_that_only_the_keyring_knows(
    core: Core, secrets: MemorySecretStore
) -> None:
    await core.commands.save_settings(allow="home")
    key = secrets.secrets["receiving/key"]
    rules = core.receiving.rules()
    assert core.receiving.host == "0.0.0.0"
    assert rules.lan
    assert rules.key_sha256 == hashlib.sha256(key.encode()).hexdigest()
    addresses = await core.queries.addresses()
    assert all(address.url.endswith(f"?apikey={key}") for address in addresses)
    assert key.encode() not in core.paths.database.read_bytes()
    assert key not in repr(addresses)


async def test_a_new_key_replaces_the_old_one(core: Core, secrets: MemorySecretStore) -> None:
    await core.commands.new_key()
    first = core.receiving.rules().key_sha256
    await core.commands.new_key()
    assert core.receiving.rules().key_sha256 != first


async def test_no_address_is_shown_without_the_key_that_it_needs(
    core: Core, secrets: MemorySecretStore
) -> None:
    sender = Sender(id=1, type="radarr", name="Radarr 4K")
    own = {("radarr", "radarr-4k"): "0" * 64}
    receiving = Receiving(settings=core.settings, secrets=secrets, sources=SOURCES, source_keys=lambda: own)
    await core.commands.save_settings(allow="home")
    shown = await receiving.sender_address(sender, port=3000, own_key="own")
    assert shown.endswith("/webhooks/radarr/radarr-4k?apikey=own")
    with pytest.raises(Refused, match="key of Radarr 4K is not in this computer's keyring"):
        await receiving.sender_address(sender, port=3000, own_key=None)
    secrets.secrets.clear()
    assert await receiving.sender_address(sender, port=3000, own_key="own") == shown
    with pytest.raises(Refused, match="not in this computer's keyring"):
        await core.queries.addresses()
    await core.commands.save_settings(allow="local")
    assert len(await core.queries.addresses()) > 2
    shown = await receiving.sender_address(sender, port=3000, own_key=None)
    assert shown == "http://127.0.0.1:3000/webhooks/radarr/radarr-4k"


async def test_without_a_keyring_the_home_network_stays_shut(core: Core, secrets: MemorySecretStore) -> None:
    secrets.failure = SecretsUnavailable("No keyring found.")
    with pytest.raises(SecretsUnavailable):
        await core.commands.save_settings(allow="home")
    assert core.queries.settings().allow == "local"
    assert core.receiving.rules().key_sha256 is None


async def test_a_key_from_the_environment_counts(core: Core, secrets: MemorySecretStore) -> None:
    secrets.until_quit["receiving/key"] = "given-by-the-system"
    await core.receiving.load_key()
    assert core.receiving.rules().key_sha256 == hashlib.sha256(b"given-by-the-system").hexdigest()


async def test_a_key_from_the_environment_is_not_renewed_here(core: Core, secrets: MemorySecretStore) -> None:
    secrets.until_quit["receiving/key"] = "given-by-the-system"
    with pytest.raises(Refused, match="METARR_SECRET_RECEIVING_KEY"):
        await core.commands.new_key()
    assert secrets.secrets == {}


async def test_with_a_key_from_the_environment_the_home_network_needs_no_other(
    core: Core, secrets: MemorySecretStore
) -> None:
    secrets.until_quit["receiving/key"] = "given-by-the-system"
    await core.commands.save_settings(allow="home")
    assert core.receiving.rules().key_sha256 == hashlib.sha256(b"given-by-the-system").hexdigest()
    assert secrets.secrets == {}


def test_own_addresses_are_addresses_without_zones() -> None:
    own = own_addresses()
    assert "127.0.0.1" in own
    assert all(str(ipaddress.ip_address(address)) for address in own)


@pytest.mark.parametrize(("beyond", "shown"), [("192.0.2.1", None), ("127.0.0.1", "172.17.0.1")])
async def test_the_address_on_the_way_out_is_shown_before_those_of_containers(
    core: Core, secrets: MemorySecretStore, monkeypatch: pytest.MonkeyPatch, beyond: str, shown: str | None
) -> None:
    way = way_to("192.0.2.1")
    if shown is None and way is None:
        pytest.skip("this computer is in no network")
    monkeypatch.setattr(
        psutil,
        "net_if_addrs",
        lambda: {
            name: [SimpleNamespace(address=address)]
            for name, address in {"lo": "127.0.0.1", "docker0": "172.17.0.1", "eth0": "192.168.1.5"}.items()
        },
    )
    receiving = Receiving(settings=core.settings, secrets=secrets, sources=SOURCES, beyond=beyond)
    core.settings.override(port=None, host="0.0.0.0")
    await receiving.find_addresses()
    sender = Sender(id=1, type="radarr", name="4K")
    assert receiving.plain_address(sender, port=1) == f"http://{shown or way}:1/webhooks/radarr/4k"


async def test_addresses_that_the_system_does_not_tell_are_those_of_before(
    core: Core, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    await core.receiving.find_addresses()
    before = core.receiving.own_addresses
    monkeypatch.setattr(psutil, "net_if_addrs", fail)
    await core.receiving.find_addresses()
    assert core.receiving.own_addresses == before != frozenset()
    assert "Too many open files" in caplog.text


async def test_lists_and_base_path_are_rules_as_soon_as_they_are_saved(core: Core) -> None:
    await core.commands.save_settings(
        allow_only="192.168.1.30, 10.0.0.0/8", trusted_proxies="127.0.0.1", base_path="metarr"
    )
    rules = core.receiving.rules()
    assert rules.allow_only == parse_networks("192.168.1.30, 10.0.0.0/8")
    assert rules.trusted_proxies == parse_networks("127.0.0.1")
    assert rules.base_path == "/metarr"
    assert core.receiving.rules().allow_only is rules.allow_only
    await core.commands.save_settings(allow_only="")
    assert core.receiving.rules().allow_only == ()
    urls = [address.url for address in await core.queries.addresses()]
    assert urls[0] == "http://127.0.0.1:3000/metarr/webhooks/radarr"


async def test_keys_of_sources_are_asked_for_with_every_request(
    core: Core, secrets: MemorySecretStore
) -> None:
    keys = {("radarr", "4k"): "0" * 64}
    receiving = Receiving(settings=core.settings, secrets=secrets, sources=SOURCES, source_keys=lambda: keys)
    assert receiving.rules().source_keys == keys
    assert core.receiving.rules().source_keys == {}
