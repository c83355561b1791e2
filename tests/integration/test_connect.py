"""Connecting stand-ins of Radarr, Sonarr and Lidarr, over the real core and its real listener."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.sender_snapshots import SenderState
from metarr_desktop.app.snapshots import ProblemKind
from metarr_desktop.domain.errors import MetarrError, Refused
from metarr_desktop.domain.forms import Draft
from metarr_desktop.webhooks.sources.arr_client import with_fields
from tests.fake_arr import MASK, field_value
from tests.fakes import eventually, until
from tests.integration.senders import Home, connected, draft, idle, stored

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from metarr_desktop.app.snapshots import TestReport


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    home = Home(tmp_path)
    yield home
    await home.close()


def words(report: TestReport) -> list[str]:
    return [str(line.detail) for line in report.lines]


@pytest.mark.parametrize("kind", ["radarr", "sonarr", "lidarr"])
async def test_a_sender_is_connected_in_one_go(home: Home, kind: str) -> None:
    arr = await home.arr(kind, version="5.27")
    async with home.program() as core:
        await core.commands.add_sender("Mine", type=kind, draft=draft(arr))
        assert (await core.queries.sender("Mine")).state is SenderState.NOT_CONNECTED
        report = await core.commands.connect_sender("Mine")
        await idle(core)
        port = core.queries.listening().port  # type: ignore[union-attr]
        our_url = f"http://127.0.0.1:{port}/webhooks/{kind}/mine"
        assert report.ok
        assert words(report) == [
            f"{arr.title} 5.27 found",
            f"Mine is to send to {our_url}",
            'Webhook added as "Metarr Desktop"',
            f"Test received from 127.0.0.1 at {home.clock.now().astimezone():%H:%M}",
        ]
        (entry,) = arr.entries.values()
        assert field_value(entry, "url") == our_url
        assert (field_value(entry, "username"), field_value(entry, "method")) == ("metarr", 1)
        assert field_value(entry, "password") == home.secrets.secrets["source-mine/webhook_key"]
        assert not entry.get("onImportComplete")
        assert (entry["onGrab"], entry["onHealthIssue"], entry["includeHealthWarnings"]) == (True, True, True)
        sender = await core.queries.sender("Mine")
        assert (sender.state, sender.version) == (SenderState.CONNECTED, "5.27")
        assert [folder.path for folder in sender.root_folders] == ["/movies"]
        assert [each[:2] for each in await stored(core)] == [(kind, "Test")]


async def test_connecting_again_mends_the_same_webhook(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        await connected(core, arr)
        arr.entries[1]["onDownload"] = False
        report = await core.commands.connect_sender("Radarr")
        assert report.ok
        assert 'Webhook "Metarr Desktop" updated' in words(report)
        report = await core.commands.connect_sender(
            "Radarr"
        )  # nothing changes, so nothing is tested by itself
        assert report.ok
    assert list(arr.entries) == [1]
    assert arr.entries[1]["onDownload"] is True


async def test_an_old_version_gets_only_what_it_has(home: Home) -> None:
    arr = await home.arr(old=True)
    async with home.program() as core:
        await connected(core, arr)
    assert "onHealthRestored" not in arr.entries[1]


async def test_another_computers_webhook_is_left_alone(home: Home) -> None:
    arr = await home.arr()
    theirs = {**arr.schema(), "name": "metarr desktop", "onGrab": True}
    theirs["fields"] = [{"name": "url", "value": "http://192.168.77.9:3000/webhooks/radarr/radarr"}]
    arr.entries[7] = {**theirs, "id": 7}
    async with home.program() as core:
        await connected(core, arr)
        assert len(arr.entries) == 2
        assert arr.entries[7]["fields"] == theirs["fields"]
        assert arr.entries[8]["name"].startswith("Metarr Desktop (")


async def test_a_webhook_made_by_hand_is_used(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        port = core.queries.listening().port  # type: ignore[union-attr]
        mine = {**arr.schema(), "name": "my tool", "onDownload": True, "id": 3}
        mine["fields"][0]["value"] = f"http://127.0.0.1:{port}/webhooks/radarr?apikey=x"
        arr.entries[3] = mine
        await connected(core, arr)
        assert list(arr.entries) == [3]
        assert field_value(arr.entries[3], "url") == f"http://127.0.0.1:{port}/webhooks/radarr/radarr"
        assert arr.entries[3]["name"] == "my tool"


async def test_each_failure_has_its_sentence(home: Home) -> None:
    arr, sonarr = await home.arr(), await home.arr("sonarr")
    async with home.program() as core:
        await core.commands.add_sender("Radarr", type="radarr", draft=draft(arr))

        async def connect(**values: str) -> tuple[str, SenderState]:
            secrets = {"api_key": values.pop("api_key")} if "api_key" in values else {}
            await core.commands.save_sender("Radarr", Draft(values=values, secrets=dict(secrets)))
            report = await core.commands.connect_sender("Radarr")
            assert not report.ok
            return words(report)[-1], (await core.queries.sender("Radarr")).state

        assert await connect(api_key="wrong") == ("Wrong API key.", SenderState.KEY_REJECTED)
        assert await connect(api_key=sonarr.key, url=sonarr.url) == (
            "This is Sonarr, not Radarr.", SenderState.WRONG_PROGRAM,
        )  # fmt: skip
        assert await connect(url="http://127.0.0.1:9") == (
            "No answer at http://127.0.0.1:9.", SenderState.UNREACHABLE,
        )  # fmt: skip
        arr.page = "<html>Log in</html>"
        told, state = await connect(url=arr.url)
        assert "URL base" in told
        assert state is SenderState.WRONG_PROGRAM
        assert arr.entries == {}


async def test_a_sender_that_cannot_reach_us_says_so_and_nothing_is_made(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        await core.commands.add_sender("Radarr", type="radarr", draft=draft(arr))
        report = await core.commands.connect_sender("Radarr", address="127.0.0.77")
        told = words(report)[-1]
        assert not report.ok
        assert told.startswith("Radarr cannot reach this computer at http://127.0.0.77:")
        assert "Connection refused (127.0.0.1). Check the firewall or pick another address." in told
        assert arr.entries == {}
        assert (await core.queries.sender("Radarr")).state is SenderState.NOT_CONNECTED


async def test_a_container_never_gets_loopback(home: Home) -> None:
    arr = await home.arr(docker=True)
    async with home.program() as core:
        await core.commands.add_sender("Radarr", type="radarr", draft=draft(arr))
        report = await core.commands.connect_sender("Radarr")
        assert not report.ok
        assert "runs in a container. Allow your home network" in words(report)[-1]
        assert ("GET", "/api/v3/notification") not in arr.calls


async def test_a_url_base_belongs_to_the_address(home: Home) -> None:
    arr = await home.arr(url_base="/radarr")
    async with home.program() as core:
        await connected(core, arr)
        assert len(arr.entries) == 1


async def test_a_new_key_is_told_in_the_same_step(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        await connected(core, arr)
        before = field_value(arr.entries[1], "password")
        await core.commands.renew_sender_key("Radarr")
        after = field_value(arr.entries[1], "password")
        assert after == home.secrets.secrets["source-radarr/webhook_key"] != before
        await core.commands.save_settings(require_key_locally=True)
        await arr.import_film(1, "Dune", download_id="A")
        assert arr.statuses[-1] == 200
        arr.entries[1]["fields"][3]["value"] = before
        await arr.import_film(2, "Dune 2", download_id="B")
        assert arr.statuses[-1] == 401


async def test_a_new_key_that_is_not_taken_is_told_and_the_old_one_stays(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        name = await connected(core, arr)
        address = await core.queries.sender_address(name)
        for each in arr.entries[1]["fields"]:
            if each["name"] == "url":
                each["value"] = f"{each['value']}/nowhere/at/all"
        with pytest.raises(Refused, match=r"^Radarr did not take the new key, and the old one stays: .*404"):
            await core.commands.renew_sender_key(name)
        assert await core.queries.sender_address(name) == address


async def test_our_webhook_is_removed_with_the_sender(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        await connected(core, arr)
        told = await core.commands.remove_sender("Radarr")
        assert str(told) == "Radarr is removed, and our webhook there too."
        assert arr.entries == {}
        await connected(core, arr)
        await arr.stop()
        told = await core.commands.remove_sender("Radarr")
        assert "could not be removed: No answer at" in str(told)
        assert await core.queries.senders() == ()
        await arr.start()


async def test_a_changed_address_is_repaired_without_a_word(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        await connected(core, arr)
        before = field_value(arr.entries[1], "url")
    async with home.program() as core:  # port 0: another port than before
        port = core.queries.listening().port  # type: ignore[union-attr]
        now = f"http://127.0.0.1:{port}/webhooks/radarr/radarr"
        assert now != before
        await until(lambda: field_value(arr.entries[1], "url") == now)
        assert field_value(arr.entries[1], "password") not in {"", MASK}
        await arr.import_film(1, "Dune", download_id="A")
        assert arr.statuses[-1] == 200
        await idle(core)
        assert await core.queries.problems() == ()


async def test_what_cannot_be_repaired_is_told(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        await connected(core, arr)
        arr.entries[2] = {
            **arr.entries[1],
            "id": 2,
            "name": "METARR DESKTOP",
        }  # its name is not unique any more
    async with home.program() as core:
        await eventually(core.queries.problems)
        (problem,) = await core.queries.problems()
        assert (problem.kind, problem.subject) == (ProblemKind.ADDRESS_CHANGED, "Radarr")
        assert str(problem.text).startswith("This computer is now 127.0.0.1:")
        assert (await core.queries.sender("Radarr")).state is SenderState.ADDRESS_CHANGED


async def test_a_key_in_the_address_that_stands_there_is_not_written_down(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    arr = await home.arr()
    async with home.program() as core:
        await connected(core, arr)
        by_hand = {"url": "http://127.0.0.1:1/webhooks/radarr?apikey=secret-key"}
        arr.entries[1] = with_fields(arr.entries[1], by_hand)
        arr.entries[2] = {**arr.entries[1], "id": 2, "name": "METARR DESKTOP"}  # so that it takes no change
    caplog.set_level("DEBUG", logger="metarr_desktop")
    async with home.program() as core:
        await eventually(core.queries.problems)
        report = await core.commands.resume_sender("Radarr")
        assert "secret-key" not in repr((report, await core.queries.sender("Radarr")))
    assert "still sends to http://127.0.0.1:1/webhooks/radarr:" in caplog.text
    assert not [record for record in caplog.records if "secret-key" in record.getMessage()]
    assert b"secret-key" not in home.paths.database.read_bytes()


async def test_a_connection_that_fails_leaves_the_keys_as_they_were(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        await core.commands.save_settings(require_key_locally=True)
        await core.commands.add_sender("Radarr", type="radarr", draft=draft(arr))
        schema = {**arr.schema(), "name": "By hand", "onDownload": True}
        by_hand = with_fields(schema, {"url": await core.queries.sender_address("Radarr"), "method": 1})
        arr.entries[1] = {**by_hand, "id": 1}
        arr.entries[2] = {**by_hand, "id": 2, "name": "BY HAND"}  # so that neither takes a change
        await arr.import_film(1, "Dune", download_id="A")
        assert arr.statuses == [200, 200]
        report = await core.commands.connect_sender("Radarr")
        assert words(report)[-1] == "Should be unique"
        await arr.import_film(2, "Dune 2", download_id="B")
        assert arr.statuses == [200] * 4


async def test_a_new_key_that_is_not_taken_leaves_the_lost_one_right(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        await core.commands.save_settings(require_key_locally=True)
        await connected(core, arr)
        home.secrets.secrets.pop("source-radarr/webhook_key")
        arr.entries[2] = {**arr.entries[1], "id": 2, "name": "METARR DESKTOP", "onDownload": False}
        with pytest.raises(MetarrError, match="unique"):
            await core.commands.renew_sender_key("Radarr")
        arr.statuses.clear()
        await arr.import_film(1, "Dune", download_id="A")
        assert arr.statuses == [200]


async def test_a_webhook_that_somebody_removed_is_not_made_again_by_itself(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        await connected(core, arr)
        arr.entries.clear()
    async with home.program() as core:

        async def noticed() -> bool:
            return (await core.queries.sender("Radarr")).state is SenderState.NOT_CONNECTED

        await eventually(noticed)
        await idle(core)
        assert arr.entries == {}
        (problem,) = await core.queries.problems()
        assert (problem.kind, problem.subject) == (ProblemKind.WEBHOOK_GONE, "Radarr")
        assert str(problem.text) == "Our webhook is not in Radarr any more. Connect it again."
        await core.commands.connect_sender("Radarr")
        assert await core.queries.problems() == ()


async def test_a_key_that_a_sender_did_not_take_is_not_asked_of_it(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        await connected(core, arr)
        await core.commands.save_settings(require_key_locally=True)
        home.secrets.secrets.pop("source-radarr/webhook_key")  # a keyring that was set up anew
        arr.entries[2] = {**arr.entries[1], "id": 2, "name": "METARR DESKTOP", "onDownload": False}
        assert not (await core.commands.connect_sender("Radarr")).ok
        with pytest.raises(Refused, match="Should be unique"):
            await core.commands.renew_sender_key("Radarr")
        await arr.import_film(1, "Dune", download_id="A")
        assert arr.statuses[-1] == 200
        del arr.entries[2]
        assert (await core.commands.connect_sender("Radarr")).ok
        await arr.import_film(2, "Alien", download_id="B")
        assert arr.statuses[-1] == 200


async def test_a_key_in_an_address_made_by_hand_stays_there_and_is_shown_nowhere(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="metarr_desktop")
    arr = await home.arr()
    async with home.program() as core:
        await connected(core, arr)
    fields = arr.entries[1]["fields"]
    fields[0]["value"] += "?apikey=5eCret"
    arr.entries[2] = {**arr.entries[1], "id": 2, "name": "METARR DESKTOP"}  # its name is not unique any more
    async with home.program() as core:
        await eventually(core.queries.problems)
        (problem,) = await core.queries.problems()
        assert problem.kind is ProblemKind.ADDRESS_CHANGED
        assert "5eCret" not in str(problem.text) + caplog.text
        (sender,) = await core.queries._sender_views._store.senders()
        assert "5eCret" not in str(sender.known)
        del arr.entries[2]
    async with home.program() as core:
        port = core.queries.listening().port  # type: ignore[union-attr]
        wanted = f"http://127.0.0.1:{port}/webhooks/radarr/radarr?apikey=5eCret"
        await until(lambda: field_value(arr.entries[1], "url") == wanted)


async def test_a_name_that_a_person_chose_for_this_computer_is_kept(home: Home) -> None:
    arr = await home.arr(docker=True)
    async with home.program() as core:
        await core.commands.add_sender("Radarr", type="radarr", draft=draft(arr))
        assert (await core.commands.connect_sender("Radarr", address="LocalHost")).ok
        await idle(core)
    async with home.program() as core:
        port = core.queries.listening().port  # type: ignore[union-attr]
        wanted = f"http://localhost:{port}/webhooks/radarr/radarr"
        await until(lambda: field_value(arr.entries[1], "url") == wanted)
        await idle(core)
        assert await core.queries.problems() == ()
        with pytest.raises(Refused, match="Enter only the address"):
            await core.commands.connect_sender("Radarr", address="http://192.168.1.20:3000")


async def test_nobody_is_tested_while_nothing_listens(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        await connected(core, arr)
        assert core.listener is not None
        await core.listener.stop()
        arr.calls.clear()
        report = await core.commands.resume_sender("Radarr")
        assert words(report)[-1].startswith("Metarr Desktop is not receiving webhooks now.")
        assert ("POST", "/api/v3/notification/test") not in arr.calls


async def test_nobody_is_tested_who_cannot_reach_a_listener_of_this_computer_only(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        name = await connected(core, arr)
        fields = arr.entries[1]["fields"]
        fields[0]["value"] = fields[0]["value"].replace("127.0.0.1", "192.168.77.5")
        arr.docker = True
        arr.calls.clear()
        report = await core.commands.resume_sender(name)
        assert "runs in a container. Allow your home network" in words(report)[-1]
        await core.commands.catch_up(name)
        await idle(core)
        assert (await core.queries.sender(name)).last_catch_up is not None
        assert ("POST", "/api/v3/notification/test") not in arr.calls
