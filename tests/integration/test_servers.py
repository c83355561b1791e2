"""The tests' own database servers really start, answer, and keep what they were told through an end."""

from __future__ import annotations

import os
import pwd
from typing import TYPE_CHECKING, Literal

import psutil
import psycopg
import pytest
import redis

from tests import servers
from tests.servers import MissingServerError, PostgresServer, RedisServer, postgres_programs, server

if TYPE_CHECKING:
    from pathlib import Path

End = Literal["smart", "fast", "immediate", "kill"]


def keep(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (id integer)")
        connection.execute("INSERT INTO kept VALUES (7)")


def kept(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT id FROM kept").fetchall()


def tables(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert row is not None
    return int(row[0])


def shown(url: str, *, setting: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT current_setting(%s)", (setting,)).fetchone()
    assert row is not None
    return str(row[0])


# --- PostgreSQL ---


@pytest.mark.parametrize("end", ["smart", "fast", "immediate", "kill"])
def test_postgres_keeps_its_data_through_every_kind_of_end(
    postgres_server: PostgresServer, postgres_url: str, end: End
) -> None:
    keep(postgres_url)
    if end == "kill":
        postgres_server.kill()
    else:
        postgres_server.stop(end)
    assert not postgres_server.running
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(postgres_url)
    postgres_server.start()
    assert kept(postgres_url) == [(7,)]


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_gets_a_postgres_database_without_tables(postgres_url: str, turn: int) -> None:
    assert tables(postgres_url) == 0
    keep(postgres_url)


def test_postgres_may_be_left_dead_by_a_test(postgres_server: PostgresServer, postgres_url: str) -> None:
    assert tables(postgres_url) == 0
    postgres_server.kill()


def test_postgres_writes_to_the_disk_before_it_answers_and_listens_on_no_port(postgres_url: str) -> None:
    assert shown(postgres_url, setting="fsync") == "on"
    assert shown(postgres_url, setting="synchronous_commit") == "on"
    assert shown(postgres_url, setting="listen_addresses") == ""


def test_variables_that_name_another_postgres_are_not_followed(
    postgres_server: PostgresServer, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PGPORT": "1", "PGUSER": "nobody", "PGHOST": "absent", "PGDATA": "/absent"}.items():
        monkeypatch.setenv(name, value)
    postgres_server.restart()
    assert tables(postgres_url) == 0


def test_a_killed_postgres_takes_its_backends_with_it(postgres_server: PostgresServer) -> None:
    postgres_server.start()
    assert postgres_server.process is not None
    backends = psutil.Process(postgres_server.process.pid).children(recursive=True)
    assert backends
    postgres_server.kill()
    assert not [one for one in backends if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def test_postgres_never_runs_as_root(postgres_server: PostgresServer) -> None:
    postgres_server.start()
    assert postgres_server.process is not None
    expected = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    assert psutil.Process(postgres_server.process.pid).username() == expected


def test_a_postgres_takes_other_settings(postgres_server: PostgresServer) -> None:
    postgres_server.start()
    with server(PostgresServer, settings={"max_connections": "7"}) as other:
        assert shown(other.url(), setting="max_connections") == "7"
        folder = other.folder
    assert not folder.exists()


def test_without_the_programs_of_postgres_the_reason_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "DEBIAN_POSTGRES", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingServerError, match="not installed: PostgreSQL's initdb and postgres"):
        postgres_programs()


def test_the_newest_of_debians_postgres_versions_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("9.6", "15", "16"):
        folder = tmp_path / version / "bin"
        folder.mkdir(parents=True)
        for name in ("initdb", "postgres"):
            (folder / name).touch(mode=0o755)
    monkeypatch.setattr(servers, "DEBIAN_POSTGRES", tmp_path)
    assert postgres_programs() == tmp_path / "16" / "bin"


# --- Redis ---


@pytest.mark.parametrize("end", ["restart", "kill"])
def test_redis_keeps_its_data_through_every_kind_of_end(
    redis_server: RedisServer, redis_url: str, end: str
) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set("kept", "7")
    if end == "kill":
        redis_server.kill()
        redis_server.start()
    else:
        redis_server.restart()
    with redis.Redis.from_url(redis_url) as client:
        assert client.get("kept") == b"7"


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_gets_a_redis_without_keys(redis_url: str, turn: int) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", "behind")


def test_redis_may_be_left_dead_by_a_test(redis_server: RedisServer, redis_url: str) -> None:
    redis_server.kill()
    assert not redis_server.running
    with redis.Redis.from_url(redis_url) as client, pytest.raises(redis.ConnectionError):
        client.ping()


def test_a_redis_may_forget_and_evict(redis_server: RedisServer) -> None:
    redis_server.start()
    settings = {"appendonly": "no", "maxmemory": "3mb", "maxmemory-policy": "allkeys-lru"}
    with server(RedisServer, settings=settings) as other:
        with redis.Redis.from_url(other.url()) as client:
            client.set("forgotten", "7")
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "allkeys-lru"}
        other.restart()
        with redis.Redis.from_url(other.url()) as client:
            assert client.dbsize() == 0


def test_without_redis_the_reason_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingServerError, match="not installed: redis-server"):
        RedisServer(tmp_path)
