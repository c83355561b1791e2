"""Two groups of Kodis and the real program: one fails, and alone is tried again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.integration.fake_kodi import FakeKodi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.conftest import Program


@pytest.fixture
def kids() -> Iterator[FakeKodi]:
    fake = FakeKodi()
    server = fake.start()
    yield fake
    fake.released.set()
    server.shutdown()
    server.server_close()


def test_one_group_is_off_and_the_other_is_told_once(
    program: Callable[..., Program], kodi: FakeKodi, kids: FakeKodi, program_body: Callable[[str], bytes]
) -> None:
    running = program()
    running.start()
    for command in (
        f"service set kodi host=127.0.0.1 port={kodi.port}",
        "kodi group add Kids",
        # Nothing listens there: a Kodi that is switched off.
        "kodi player add Kids host=127.0.0.1 port=9 name=Den",
        "service enable kodi",
    ):
        done = running.run(*command.split())
        assert (done.returncode, done.stderr) == (0, ""), command
    refused = running.run("service", "set", "kodi", "host=127.0.0.2")
    assert (refused.returncode, "kodi player set PLAYER host=" in refused.stderr) == (2, True)
    assert "2 players." in running.run("service", "list").stdout
    running.post(program_body("The Matrix"))
    running.wait_for(lambda: running.rows("SELECT 1 FROM job_history WHERE type = 'notify-kodi'"))
    running.wait_for(lambda: running.rows("SELECT 1 FROM job_queue WHERE error IS NOT NULL"))
    assert running.rows("SELECT lane FROM job_queue WHERE type = 'notify-kodi'") == [("kodi/kids",)]
    ((job_id,),) = running.rows("SELECT id FROM job_queue WHERE type = 'notify-kodi'")
    ws = ["ws_port=0"] if "ws_port" in json.loads(kids.config) else []
    done = running.run("kodi", "player", "set", "Den", f"port={kids.port}", *ws)
    assert (done.returncode, done.stderr) == (0, "")
    running.run("run-now", str(job_id))
    running.wait_for(lambda: running.drained)
    ended = running.rows("SELECT lane, status FROM job_history WHERE type = 'notify-kodi' ORDER BY lane")
    assert ended == [("kodi", "completed"), ("kodi/kids", "completed")]
    assert (len(kodi.scanned), len(kids.scanned)) == (1, 1)
    listed = json.loads(running.run("kodi", "player", "list", "--json").stdout)
    assert [player["name"] for group in listed["groups"] for player in group["players"]] == [
        "127.0.0.1",
        "Den",
    ]


def test_a_kodi_written_into_the_table_of_services_by_hand_is_told(
    program: Callable[..., Program], kodi: FakeKodi, program_body: Callable[[str], bytes]
) -> None:
    running = program()
    running.start()
    config = json.dumps({"host": "127.0.0.1", "port": kodi.port, "skip_playing": False})
    running.rows("UPDATE notification_config SET enabled = 1, config = ? WHERE service = 'kodi'", config)
    running.post(program_body("The Matrix"))
    running.wait_for(lambda: running.drained)
    assert running.rows("SELECT status FROM job_history WHERE type = 'notify-kodi'") == [("completed",)]
    assert len(kodi.scanned) == 1
    assert running.rows("SELECT config FROM notification_config WHERE service = 'kodi'") == [
        ('{"skip_playing":false}',)
    ]
    done = running.run("service", "set", "kodi", "host=localhost")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(running.rows("SELECT 1 FROM players")) == 1
