from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.app.actions import ACTIONS, JOBS_AT_ONCE, answer, call
from metarr_desktop.app.finding_actions import FINDING_ACTIONS
from metarr_desktop.app.household_actions import HOUSEHOLD_ACTIONS
from metarr_desktop.app.sender_actions import SENDER_ACTIONS
from metarr_desktop.domain.errors import MetarrError, NotFound, Refused, SecretsUnavailable
from tests.fakes import START
from tests.unit.storage.history_rows import insert_waiting

if TYPE_CHECKING:
    from pathlib import Path

    from metarr_desktop.app.core import Core
    from metarr_desktop.app.paths import AppPaths
    from tests.fakes import MemorySecretStore

ADDRESS = "https://discord.com/api/webhooks/123456789012345678/" + "a" * 68


async def ask(core: Core, action: str, /, **params: Any) -> Any:
    """What travels has to be JSON, so it is made to travel."""
    return json.loads(json.dumps(await call(core, action, params)))


async def test_every_action_of_the_command_line_is_there() -> None:
    assert set(ACTIONS) - set(SENDER_ACTIONS) - set(FINDING_ACTIONS) - set(HOUSEHOLD_ACTIONS) == {
        "status", "stats", "jobs", "history", "services", "service_form", "service_switch", "service_set",
        "service_test", "service_choices",
        "library_add", "library_list", "library_remove", "mapping_add", "mapping_list",
        "mapping_remove", "retry", "retry_failed", "replay", "pause", "resume", "quit", "open", "send_test",
        "receiving_show", "receiving_allow", "receiving_new_key", "schedules", "schedule_run", "schedule_set",
        "settings", "settings_set", "lanes", "route_list", "route_set", "route_reset", "run_now", "cancel",
        "library_set", "scan", "trace", "mapping_propose",
        "events", "api_key", "api_new_key", "mute", "unmute",
        "template_list", "template_show", "template_set", "template_reset",
    }  # fmt: skip


async def test_without_a_listener_the_program_does_not_count_as_running(core: Core) -> None:
    status = await ask(core, "status")
    assert (status["running"], status["listening"]) == (False, None)


async def test_statistics_name_every_job_type_and_service_there_is(core: Core) -> None:
    stats = await ask(core, "stats")
    nothing = {"waiting": 0, "running": 0, "oldest_waiting_s": None, "done_24h": 0, "failed_24h": 0}
    assert (stats["at"], stats["total"]) == ("2026-11-24T12:00:00.000Z", nothing)
    assert {"type": "scan-movie", **nothing} in stats["types"]
    assert {"key": "kodi", "title": "Kodi", **nothing} in stats["services"]


async def test_a_waiting_job_is_counted_for_its_type_and_its_service(core: Core, paths: AppPaths) -> None:
    with closing(sqlite3.connect(paths.database)) as db, db:
        insert_waiting(db, 1, at=START - timedelta(seconds=90), type="notify-kodi")
        insert_waiting(db, 2, at=START, type="from-long-ago")
    stats = await ask(core, "stats")
    assert (stats["total"]["waiting"], stats["total"]["oldest_waiting_s"]) == (2, 90.0)
    assert {each["key"]: each["waiting"] for each in stats["services"]}["kodi"] == 1
    assert {each["type"]: each["waiting"] for each in stats["types"]}["from-long-ago"] == 1


async def test_a_long_queue_is_told_whole_and_in_order_whatever_is_in_it(core: Core, paths: AppPaths) -> None:
    many = JOBS_AT_ONCE * 2 + 1
    with closing(sqlite3.connect(paths.database)) as db, db:
        for number in range(1, many + 1):
            insert_waiting(db, number, at=START, type="notify-kodi")
        db.execute("UPDATE job_queue SET run_after = 'soon' WHERE id = 7")
    told = [job["id"] for job in await ask(core, "jobs")]
    assert told == [*range(1, 7), *range(8, many + 1), 7]


async def test_a_waiting_job_is_made_due_and_cancelled(core: Core, paths: AppPaths) -> None:
    with closing(sqlite3.connect(paths.database)) as db, db:
        insert_waiting(db, 1, at=START, type="notify-kodi")
        db.execute("UPDATE job_queue SET run_after = run_after + 60000, ready = 0")
    await ask(core, "run_now", job_id=1)
    assert [job["run_after"] for job in await ask(core, "jobs")] == ["2026-11-24T12:00:00.000Z"]
    await ask(core, "cancel", job_id=1)
    assert await ask(core, "jobs") == []
    assert [job["status"] for job in await ask(core, "history", limit=5)] == ["cancelled"]


async def test_paused_deliveries_are_listed_as_stopped_lanes(core: Core) -> None:
    assert await ask(core, "lanes") == []
    await ask(core, "pause", minutes=60)
    lanes = {lane["lane"]: lane for lane in await ask(core, "lanes")}
    assert lanes["kodi"]["state"] == "paused"
    assert lanes["kodi"]["until"] == "2026-11-24T13:00:00.000Z"


async def test_a_pause_is_stored_and_ended(core: Core) -> None:
    assert await ask(core, "pause", minutes=60) == {"paused": True, "until": "2026-11-24T13:00:00.000Z"}
    assert await ask(core, "pause") == {"paused": True, "until": None}
    assert await ask(core, "pause", minutes=None) == {"paused": True, "until": None}
    await ask(core, "resume")
    assert (await ask(core, "status"))["paused"] is False


async def test_a_service_is_set_up_switched_and_listed(core: Core, secrets: MemorySecretStore) -> None:
    form = await ask(core, "service_form", service="discord")
    assert {field["name"] for field in form["fields"] if field["secret"]} == {"webhook_url"}
    await ask(
        core,
        "service_set",
        service="discord",
        values={"username": "Films"},
        secrets={"webhook_url": ADDRESS},
    )
    assert secrets.secrets == {"discord/webhook_url": ADDRESS}
    await ask(core, "service_switch", service="discord", enabled=True)
    found = {each["key"]: each for each in await ask(core, "services")}["discord"]
    assert (found["enabled"], found["configured"], found["state"]) == (True, True, "not_tested")
    await ask(core, "service_set", service="discord", values={}, secrets={"webhook_url": ""})
    assert secrets.secrets == {}


async def test_a_secret_that_cannot_be_kept_is_refused_with_the_name_of_its_variable(
    core: Core, secrets: MemorySecretStore
) -> None:
    secrets.failure = SecretsUnavailable("No keyring found.")
    with pytest.raises(SecretsUnavailable) as refused:
        await ask(
            core,
            "service_set",
            service="discord",
            values={"username": "Films"},
            secrets={"webhook_url": ADDRESS},
        )
    told = str(refused.value)
    assert "Nothing was saved" in told
    assert "METARR_SECRET_DISCORD_WEBHOOK_URL" in told
    assert ADDRESS not in told
    secrets.failure = None
    form = await core.queries.service_form("discord")
    assert form.secrets_set == frozenset()
    assert form.values.get("username") != "Films"


async def test_nothing_is_kept_until_quit_by_a_program_that_quits_at_once(core: Core) -> None:
    with pytest.raises(Refused, match="only while the program runs"):
        await ask(core, "service_set", service="discord", values={}, secrets={}, until_quit=True)


async def test_folders_and_mappings_come_and_go(core: Core, tmp_path: Path) -> None:
    folder = await ask(core, "library_add", path=str(tmp_path), name="Films", type="movies")
    assert (folder["name"], folder["path"], folder["found"]) == ("Films", str(tmp_path), True)
    assert await ask(core, "library_list") == [folder]
    await ask(core, "library_remove", name="Films")
    assert await ask(core, "library_list") == []
    await ask(core, "mapping_add", scope="radarr", **{"from": "/movies", "to": "/films"})
    assert await ask(core, "mapping_list") == [{"scope": "radarr", "from": "/movies", "to": "/films"}]
    await ask(core, "mapping_remove", scope="radarr", **{"from": "/movies"})
    assert await ask(core, "mapping_list") == []


async def test_who_may_send_is_shown_and_changed(core: Core) -> None:
    shown = await ask(core, "receiving_show")
    assert [each["source"] for each in shown][:3] == ["radarr", "sonarr", "lidarr"]
    await ask(core, "receiving_allow", allow="home")
    before = await ask(core, "receiving_show")
    assert all("apikey=" in each["url"] for each in before)
    await ask(core, "receiving_new_key")
    assert await ask(core, "receiving_show") != before
    with pytest.raises(Refused, match="everyone"):
        await ask(core, "receiving_allow", allow="everyone")


async def test_quit_asks_the_program_to_stop(core: Core) -> None:
    await ask(core, "quit")
    assert core.stop_requested.is_set()


async def test_open_shows_the_window_where_there_is_one(core: Core) -> None:
    with pytest.raises(Refused, match="without a window"):
        await ask(core, "open")
    shown: list[bool] = []
    core.on_open = lambda: shown.append(True)
    await ask(core, "open")
    assert shown == [True]


@pytest.mark.parametrize(
    ("action", "params"),
    [
        ("retry", {"job_id": 2**63 - 1}),
        ("replay", {"event_id": 9}),
        ("service_switch", {"service": "jabber", "enabled": True}),
        ("service_form", {"service": "jabber"}),
        ("service_test", {"service": "jabber"}),
        ("service_choices", {"service": "jabber"}),
        ("library_remove", {"name": "Films"}),
        ("mapping_remove", {"scope": "radarr", "from": "/movies"}),
        ("mapping_add", {"scope": "jabber", "from": "/a", "to": "/b"}),
        ("send_test", {"source": "jabber", "event": "Download"}),
    ],
)
async def test_what_is_not_there_is_told_as_not_found(
    core: Core, action: str, params: dict[str, object]
) -> None:
    with pytest.raises(NotFound):
        await call(core, action, params)
    assert (await answer(core, action, params))["error"]["kind"] == "not_found"


@pytest.mark.parametrize(
    ("action", "params", "told"),
    [
        ("fly", {}, "no action called fly"),
        ("status", {"loud": True}, "knows no parameter loud"),
        ("retry", {}, "job_id has to be"),
        ("retry", {"job_id": 2**63}, "job_id has to be"),
        ("history", {"limit": "ten"}, "limit has to be"),
        ("pause", {"minutes": 0}, "Pause for"),
        ("service_switch", {"service": "kodi", "enabled": "no"}, "enabled has to be"),
        ("service_set", {"service": "kodi", "values": "x", "secrets": {}}, "values has to be"),
        ("service_set", {"service": "kodi", "values": {"host": 5}, "secrets": {}}, "values has to be"),
        ("service_set", {"service": "kodi", "values": {"colour": "red"}, "secrets": {}}, "no setting colour"),
        (
            "service_set",
            {"service": "discord", "values": {}, "secrets": {"username": "x"}},
            "username is no secret",
        ),
        (
            "service_set",
            {"service": "discord", "values": {}, "secrets": {"colour": ""}},
            "colour is no secret",
        ),
        (
            "service_set",
            {"service": "discord", "values": {"webhook_url": "x"}, "secrets": {}},
            "webhook_url is a secret",
        ),
        ("library_add", {"path": "/", "name": "", "type": "books"}, "not books"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_a_sentence(
    core: Core, action: str, params: dict[str, object], told: str
) -> None:
    with pytest.raises(MetarrError, match=told):
        await call(core, action, params)


@pytest.mark.expects_errors("The action open failed")
async def test_an_unexpected_error_goes_to_the_log_and_is_told_as_a_sentence(core: Core) -> None:
    def broken() -> None:
        raise ZeroDivisionError("secret detail")

    core.on_open = broken
    told = await answer(core, "open", {})
    assert told["error"]["kind"] == "unexpected"
    assert "metarr.log" in told["error"]["message"]
    assert "secret detail" not in told["error"]["message"]


async def test_a_schedule_is_listed_set_and_run(core: Core) -> None:
    await ask(core, "schedule_set", name="scheduled-cleanup", rule={"every": "6h"})
    job_id = (await ask(core, "schedule_run", name="scheduled-cleanup"))["job_id"]
    schedules = await ask(core, "schedules")
    assert schedules[:1] == [
        {
            "name": "scheduled-cleanup",
            "title": "Clean up history",
            "rule": {"every": "6h"},
            "words": "Every 6 hours",
            "next_at": "2026-11-24T18:00:00.000Z",
            "last_at": "2026-11-24T12:00:00.000Z",
            "last_job_id": job_id,
            "last_status": "pending",
            "last_detail": None,
        }
    ]
    for rule in ({"every": "1m"}, {"hourly": "1"}, {}):
        with pytest.raises(Refused):
            await ask(core, "schedule_set", name="scheduled-cleanup", rule=rule)


async def test_settings_are_listed_and_set_as_they_are_typed(core: Core) -> None:
    await ask(core, "settings_set", values={"keep_done_days": "10", "start_hidden": "yes", "theme": "dark"})
    found = await ask(core, "settings")
    assert (found["keep_done_days"], found["start_hidden"], found["theme"]) == (10, True, "dark")
    assert (found["keep_failed_days"], found["deliver_within_days"]) == (90, 7)
    assert not {"host_override", "told_still_running", "assistant_seen"} & set(found)


@pytest.mark.parametrize(
    ("name", "value"),
    [("keep_done_days", "soon"), ("keep_done_days", "0"), ("theme", "pink"), ("host_override", "0.0.0.0"),
     ("start_hidden", "perhaps"), ("no_such", "1"), ("port", "\u0663")],
)  # fmt: skip
async def test_a_setting_that_cannot_be_changes_nothing(core: Core, name: str, value: str) -> None:
    before = await ask(core, "settings")
    with pytest.raises(Refused):
        await ask(core, "settings_set", values={"theme": "dark", name: value})
    assert await ask(core, "settings") == before
