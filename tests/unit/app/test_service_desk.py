from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.snapshots import ServiceState
from metarr_desktop.domain.errors import NotFound, Refused, SecretsUnavailable
from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.jobs import NewJob
from metarr_desktop.domain.lanes import BlockCause
from metarr_desktop.domain.outcomes import Blocked
from metarr_desktop.domain.text import Text
from metarr_desktop.storage.job_store import Run
from tests.fakes import START

if TYPE_CHECKING:
    from metarr_desktop.app.core import Core
    from tests.fakes import MemorySecretStore

ADDRESS = "https://discord.com/api/webhooks/123456789012345678/" + "a" * 68


async def test_a_saved_secret_goes_to_the_keyring_and_leaves_a_marker(
    core: Core, secrets: MemorySecretStore
) -> None:
    await core.commands.save_service(
        "discord", Draft(values={"username": "Films"}, secrets={"webhook_url": ADDRESS}), enabled=True
    )
    assert secrets.secrets == {"discord/webhook_url": ADDRESS}
    form = await core.queries.service_form("discord")
    assert (form.enabled, form.values["username"], form.secrets_set) == (
        True,
        "Films",
        frozenset({"webhook_url"}),
    )
    assert await core.queries.secret("discord", "webhook_url") == ADDRESS


async def test_an_unchanged_secret_stays_and_a_cleared_one_goes(
    core: Core, secrets: MemorySecretStore
) -> None:
    await core.commands.save_service("discord", Draft(secrets={"webhook_url": ADDRESS}))
    await core.commands.save_service("discord", Draft(values={"username": "Other"}))
    assert secrets.secrets == {"discord/webhook_url": ADDRESS}
    await core.commands.save_service("discord", Draft(secrets={"webhook_url": None}))
    assert secrets.secrets == {}
    assert (await core.queries.service_form("discord")).secrets_set == frozenset()


async def test_a_service_that_is_off_may_be_saved_incomplete_but_not_switched_on_by_saving(
    core: Core,
) -> None:
    await core.commands.save_service("pushover", Draft(values={"device": "phone"}), enabled=False)
    with pytest.raises(Refused, match="Enter the"):
        await core.commands.save_service("pushover", Draft(values={"device": "phone"}), enabled=True)
    (*_, pushover) = await core.queries.services()
    assert pushover.state is ServiceState.OFF


async def test_a_value_that_cannot_be_is_refused_and_nothing_is_saved(
    core: Core, secrets: MemorySecretStore
) -> None:
    with pytest.raises(Refused, match="30"):
        await core.commands.save_service(
            "pushover", Draft(values={"device": "phone"}, secrets={"user_key": "too short"})
        )
    assert secrets.secrets == {}
    assert (await core.queries.service_form("pushover")).values["device"] == ""


async def test_a_locked_keyring_saves_nothing_and_memory_is_the_way_out(
    core: Core, secrets: MemorySecretStore
) -> None:
    secrets.failure = SecretsUnavailable("The keyring is locked.")
    draft = Draft(values={"username": "Films"}, secrets={"webhook_url": ADDRESS})
    with pytest.raises(SecretsUnavailable):
        await core.commands.save_service("discord", draft)
    assert (await core.queries.service_form("discord")).values["username"] != "Films"
    await core.commands.save_service("discord", draft, until_quit=True)
    form = await core.queries.service_form("discord")
    assert form.secrets_set == frozenset({"webhook_url"})
    assert secrets.until_quit == {"discord/webhook_url": ADDRESS}


async def test_settings_that_are_missing_fail_a_test_in_plain_words(core: Core) -> None:
    report = await core.commands.test_service("pushover")
    assert not report.ok
    assert "not set up" in str(report.lines[0].detail)


async def test_saving_lets_the_jobs_of_a_stopped_lane_go(core: Core) -> None:
    queue = core.commands._queue
    (job,) = await queue.add([NewJob(type="notify-discord", lane="discord", priority=5)])
    claim = await queue.claim({"discord": 1})
    assert claim.job is not None
    blocked = Blocked(reason=Text("Key rejected."), cause=BlockCause.KEY_REJECTED)
    await queue.settle(claim.job, blocked, run=Run(started_at=START, duration=START - START))
    assert len(await queue.lane_stops()) == 1
    await core.commands.save_service("discord", Draft(secrets={"webhook_url": ADDRESS}))
    assert await queue.lane_stops() == ()
    (waiting,) = await core.queries.jobs()
    assert (waiting.id, waiting.reason) == (job.id, None)


async def test_an_unknown_service_is_told_by_name(core: Core) -> None:
    with pytest.raises(NotFound, match="jabber"):
        await core.commands.set_enabled("jabber", True)
    with pytest.raises(NotFound, match="jabber"):
        await core.queries.service_form("jabber")


async def test_a_media_server_takes_no_test_message(core: Core) -> None:
    assert not (await core.queries.service_form("kodi")).takes_messages
    with pytest.raises(Refused):
        await core.commands.send_test_message("kodi")


async def test_a_configuration_broken_by_hand_counts_as_not_set_up(core: Core) -> None:
    def damage(sql: object) -> None:
        sql.execute("UPDATE notification_config SET config = '{oops', enabled = 1 WHERE service = 'discord'")  # type: ignore[attr-defined]

    await core.queries._database.run(damage)
    services = {each.key: each for each in await core.queries.services()}
    assert services["discord"].state is ServiceState.NOT_SET_UP
    assert services["kodi"].state is ServiceState.OFF


async def test_what_is_stored_already_counts_when_a_service_is_switched_on_by_saving(core: Core) -> None:
    await core.commands.save_service("kodi", Draft(values={"host": "127.0.0.1"}))
    await core.commands.save_service("kodi", Draft(values={"port": 8081}), enabled=True)
    form = await core.queries.service_form("kodi")
    assert (form.enabled, form.values["host"], form.values["port"]) == (True, "127.0.0.1", 8081)


async def test_a_secret_among_the_values_is_refused(core: Core) -> None:
    with pytest.raises(Refused, match="secret"):
        await core.commands.save_service("discord", Draft(values={"webhook_url": ADDRESS}))
    assert ADDRESS.encode() not in core.paths.database.read_bytes()


async def test_a_secret_kept_until_quit_can_be_cleared(core: Core, secrets: MemorySecretStore) -> None:
    await core.commands.save_service("discord", Draft(secrets={"webhook_url": ADDRESS}), until_quit=True)
    await core.commands.save_service("discord", Draft(secrets={"webhook_url": None}))
    assert secrets.until_quit == {}


async def test_a_keyring_that_fails_half_way_keeps_nothing_new(
    core: Core, secrets: MemorySecretStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = secrets.set

    async def fail_for_the_second(name: str, value: str) -> None:
        if secrets.secrets:
            raise SecretsUnavailable("The keyring is locked.")
        await keep(name, value)

    monkeypatch.setattr(secrets, "set", fail_for_the_second)
    with pytest.raises(SecretsUnavailable):
        await core.commands.save_service("pushover", Draft(secrets={"token": "a" * 30, "user_key": "b" * 30}))
    assert secrets.secrets == {}
    assert (await core.queries.service_form("pushover")).secrets_set == frozenset()
