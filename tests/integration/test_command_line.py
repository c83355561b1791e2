"""The command line, with the program running and without."""

from __future__ import annotations

import json
import stat
import threading
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Program
    from tests.integration.fake_discord import FakeDiscord

JOB_KEYS = {
    "id", "type", "priority", "status", "retry_count", "max_retries", "parent_id", "root_id", "event_id",
    "created_at", "run_after", "error", "reason", "waits_for",
}  # fmt: skip
HISTORY_KEYS = {
    "id", "job_id", "type", "priority", "status", "error", "retry_count", "parent_id", "root_id", "event_id",
    "created_at", "started_at", "completed_at", "duration_ms", "attempts",
}  # fmt: skip


def ok(program: Program, *arguments: str, stdin: str = "") -> str:
    done = program.run(*arguments, stdin=stdin)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def asked(program: Program, *arguments: str) -> Any:
    return json.loads(ok(program, *arguments, "--json"))


def test_without_a_running_program_everything_but_three_commands_works(
    program: Callable[..., Program], tmp_path: Any
) -> None:
    here = program()
    status = asked(here, "status")
    assert (status["version"], status["running"], status["listening"]) == (__version__, False, None)
    keys = ["kodi", "jellyfin", "emby", "plex", "discord", "pushover"]
    assert [service["key"] for service in status["services"]] == keys
    films = tmp_path / "Films"
    films.mkdir()
    ok(here, "library", "add", str(films), "--name", "My films")
    assert [(each["name"], each["path"]) for each in asked(here, "library", "list")] == [
        ("My films", str(films))
    ]
    ok(here, "mapping", "add", "radarr", "/movies", str(films))
    assert asked(here, "mapping", "list") == [{"scope": "radarr", "from": "/movies", "to": str(films)}]
    ok(here, "mapping", "remove", "radarr", "/movies")
    ok(here, "library", "remove", "My films")
    assert asked(here, "library", "list") == []
    ok(here, "pause", "30")
    assert asked(here, "status")["paused"] is True
    ok(here, "resume")
    assert asked(here, "status")["paused"] is False
    for command in (["quit"], ["open"], ["send-test", "radarr"]):
        assert here.run(*command).returncode == 3


def test_a_change_by_command_shows_in_the_running_program_at_once(program: Callable[..., Program]) -> None:
    running = program()
    running.start()
    ok(running, "service", "set", "kodi", "host=127.0.0.1", "port=18080")
    ok(running, "service", "enable", "kodi")
    (kodi, *_) = asked(running, "service", "list")
    assert (kodi["enabled"], kodi["configured"], kodi["state"]) == (True, True, "not_tested")
    ok(running, "pause")
    status, _ = running.post(
        b'{"eventType": "Download", "series": {"title": "A", "path": "/tv/A"}}', path="/webhooks/sonarr"
    )
    assert status == 200
    running.wait_for(lambda: [job["type"] for job in asked(running, "jobs")] == ["notify-kodi"])
    (job,) = asked(running, "jobs")
    assert set(job) >= JOB_KEYS
    assert (job["status"], job["priority"], job["parent_id"]) == ("pending", 5, job["root_id"])
    ok(running, "service", "disable", "kodi")
    ok(running, "resume")
    running.wait_for(lambda: asked(running, "jobs") == [])
    (newest, *_) = asked(running, "history", "--limit", "1")
    assert set(newest) >= HISTORY_KEYS
    assert (newest["type"], newest["status"], newest["error"]) == (
        "notify-kodi",
        "skipped",
        "Kodi is turned off.",
    )
    assert newest["attempts"][0]["outcome"] == "skipped"
    assert newest["created_at"].endswith("Z")
    assert len(newest["created_at"]) == len("2026-11-24T09:17:14.510Z")
    assert ok(running, "quit") == "Metarr Desktop has stopped.\n"
    assert asked(running, "status")["running"] is False
    assert running.process is not None
    assert running.process.wait(10) == 0


def test_a_webhook_is_sent_retried_and_replayed_by_command(
    program: Callable[..., Program], discord: FakeDiscord
) -> None:
    running = program(**discord.environment)
    discord.script = [(400, {"message": "Cannot send an empty message", "code": 50006})]
    running.start()
    ok(running, "service", "enable", "discord")
    assert "Answered 200" in ok(running, "send-test", "radarr")
    running.wait_for(lambda: len(asked(running, "history")) == 3)
    failed = next(row for row in asked(running, "history") if row["status"] == "failed")
    ok(running, "retry", str(failed["job_id"]))
    running.wait_for(lambda: len(discord.messages) == 1)
    ok(running, "replay", str(failed["event_id"]))
    running.wait_for(lambda: len(discord.messages) == 2)
    running.wait_for(lambda: len(asked(running, "history")) == 7)
    assert "ok" in ok(running, "service", "test", "discord")


def test_a_secret_is_read_from_standard_input_and_never_stored_without_a_keyring(
    program: Callable[..., Program], discord: FakeDiscord
) -> None:
    here = program(METARR_DISCORD_BASE=discord.base)
    given = here.run("service", "set", "discord", f"webhook_url={discord.webhook_url}")
    assert given.returncode == 2
    refused = here.run(
        "service", "set", "discord", "username=Films", "webhook_url=-", stdin=discord.webhook_url + "\n"
    )
    assert refused.returncode == 1
    assert "METARR_SECRET_DISCORD_WEBHOOK_URL" in refused.stderr
    assert here.rows("SELECT config FROM notification_config WHERE service = 'discord'") == [("{}",)]
    here.start()
    kept = here.run(
        "service", "set", "discord", "webhook_url=-", "--until-quit", stdin=discord.webhook_url + "\n"
    )
    assert (kept.returncode, kept.stderr) == (0, "")
    ok(here, "service", "enable", "discord")
    ok(here, "send-test", "radarr")
    here.wait_for(lambda: len(discord.messages) == 1)
    for path in here.data_dir.rglob("*"):
        assert path.is_dir() or discord.webhook_url.encode() not in path.read_bytes()


def test_a_second_program_on_the_same_folder_is_refused(program: Callable[..., Program]) -> None:
    running = program()
    running.start()
    second = running.run("--headless", "--port", "0")
    assert second.returncode == 1
    assert "already running" in second.stderr
    assert running.post(b'{"eventType": "Test"}')[0] == 200


def test_a_port_in_use_is_told_with_its_own_exit_status(program: Callable[..., Program]) -> None:
    first = program()
    first.start()
    port = first.address.rpartition(":")[2]
    other = first.run("--data-dir", str(first.data_dir) + "2", "--headless", "--port", port)
    assert other.returncode == 4
    assert f"Port {port} is used by another program. Webhooks cannot arrive." in other.stderr


def test_damaged_data_is_told_with_its_own_exit_status_and_kept(program: Callable[..., Program]) -> None:
    here = program()
    here.data_dir.mkdir()
    (here.data_dir / "metarr.db").write_bytes(b"not a database, sorry" * 100)
    for arguments in (["--headless", "--port", "0"], ["jobs"]):
        done = here.run(*arguments)
        assert done.returncode == 5
        assert "damaged" in done.stderr
        assert "Traceback" not in done.stderr
    assert (here.data_dir / "metarr.db").read_bytes().startswith(b"not a database")


@pytest.mark.parametrize(
    "arguments",
    [
        ["frobnicate"],
        ["--port", "many"],
        ["--port", "70000"],
        ["retry"],
        ["service", "set", "kodi", "host"],
        ["service", "set", "kodi", "colour=red"],
        ["library", "add", "/", "--type", "books"],
    ],
)
def test_what_is_typed_wrongly_ends_with_status_two(
    program: Callable[..., Program], arguments: list[str]
) -> None:
    done = program().run(*arguments)
    assert done.returncode == 2
    assert done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["service", "enable", "jabber"], "no service called jabber"),
        (["retry", "99"], "no job 99"),
        (["retry", str(2**63 - 1)], "no job 9223372036854775807"),
        (["replay", "99"], "no webhook 99"),
        (["library", "add", "/no/such/folder"], "/no/such/folder"),
        (["mapping", "add", "nobody", "/a", "/b"], "nobody is no source, sender or service"),
        (["service", "set", "kodi", "port=0"], "ort"),
    ],
)
def test_what_cannot_be_done_ends_with_status_one_and_a_sentence(
    program: Callable[..., Program], arguments: list[str], sentence: str
) -> None:
    done = program().run(*arguments)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_the_data_folder_is_private(program: Callable[..., Program]) -> None:
    running = program()
    running.start()
    assert stat.S_IMODE(running.data_dir.stat().st_mode) == 0o700
    for name in ("metarr.db", "lock", "control.json"):
        assert stat.S_IMODE((running.data_dir / name).stat().st_mode) == 0o600, name
    assert running.stop() == 0
    assert not (running.data_dir / "control.json").exists()


def test_two_commands_at_once_wait_for_each_other(program: Callable[..., Program]) -> None:
    here = program()
    ends: list[int] = []
    threads = [threading.Thread(target=lambda: ends.append(here.run("status").returncode)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ends == [0, 0, 0]


def test_a_command_typed_while_the_program_starts_is_answered_by_it(program: Callable[..., Program]) -> None:
    here = program()
    here.start()
    before = here.run("pause")
    assert before.returncode == 0
    here.stop()
    starter = threading.Thread(target=here.start)
    starter.start()
    statuses = [here.run("status", "--json") for _ in range(4)]
    starter.join()
    assert [done.returncode for done in statuses] == [0, 0, 0, 0], statuses
    assert all(json.loads(done.stdout)["paused"] for done in statuses)


def test_two_programs_on_two_folders_know_nothing_of_each_other(
    program: Callable[..., Program], tmp_path: Any
) -> None:
    """A killed program leaves its control address behind, and another program may get that port."""
    first = program()
    first.start()
    left = (first.data_dir / "control.json").read_text()
    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    wrong = {**json.loads(left), "token": "of the one that was killed"}
    (other / "control.json").write_text(json.dumps(wrong))
    done = first.run("--data-dir", str(other), "status", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["running"] is False
    assert first.run("--data-dir", str(other), "quit").returncode == 3
    assert asked(first, "status")["running"] is True


def test_who_may_call_is_set_by_command_and_a_wrong_entry_is_named(program: Callable[..., Program]) -> None:
    running = program()
    address = running.start()
    ok(running, "settings", "set", "allow_only=192.168.1.30,10.0.0.7/8", "base_path=metarr")
    settings = asked(running, "settings", "list")
    assert (settings["allow_only"], settings["base_path"]) == ("192.168.1.30, 10.0.0.0/8", "/metarr")
    assert asked(running, "receiving", "show")[0]["url"] == f"{address}/metarr/webhooks/radarr"
    ok(running, "send-test", "radarr")
    wrong = running.run("settings", "set", "trusted_proxies=127.0.0.1,nas")
    assert wrong.returncode != 0
    assert "nas is no address" in wrong.stderr
    ok(running, "settings", "set", "allow_only=", "base_path=")
    assert asked(running, "settings", "list")["allow_only"] == ""
    assert running.stop() == 0
