"""A power cut: what was answered is on the disk, not only in what the process still had in mind."""

from __future__ import annotations

import logging
import random
import re
import shutil
import signal
import sqlite3
import subprocess
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.integration.ledger import Ledger
from tests.integration.load import Load, film

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.integration.conftest import Program
    from tests.integration.fake_discord import FakeDiscord

logger = logging.getLogger(__name__)

SEED = 20_261_124
CUTS, CUTS_IN_ENDURANCE = 6, 300
WRITTEN = re.compile(r"pwrite64\(\d+<.*metarr\.db-wal>")
SYNCED = re.compile(r"f(data)?sync(\(\d+<.*metarr\.db-wal>| resumed>)\)\s+= 0")
MEMBERS = ("webhook-received", "scan-movie", "notify-discord")


@contextmanager
def standing_still(running: Program) -> Iterator[None]:
    """Stop the process between two of its instructions, and let it go on afterwards."""
    assert running.process is not None
    process = psutil.Process(running.process.pid)
    process.suspend()
    running.wait_for(lambda: process.status() == psutil.STATUS_STOPPED)
    try:
        yield
    finally:
        process.resume()


def copy_without_shared_memory(data_dir: Path, to: Path) -> None:
    """Copy what a disk still has when the power is back: the file with the index of the log is gone."""
    to.mkdir(mode=0o700)
    for name in ("metarr.db", "metarr.db-wal"):
        shutil.copy(data_dir / name, to / name)


def stored(data_dir: Path) -> set[int]:
    """Open the copy as SQLite does after a power cut, see that it is whole, and read what is there."""
    with closing(sqlite3.connect(data_dir / "metarr.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        return {row[0] for row in db.execute("SELECT id FROM webhook_events")}


@pytest.mark.endurance
def test_every_webhook_answered_before_a_power_cut_is_on_the_disk(
    program: Callable[..., Program], discord: FakeDiscord, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    cuts = CUTS_IN_ENDURANCE if pytestconfig.getoption("--endurance") else CUTS
    rng = random.Random(SEED)
    running = program(**discord.environment)
    running.start()
    running.enable("discord")
    disk = tmp_path / "disk"
    promised: dict[int, int] = {}
    with Load(every_s=0.02) as load:
        load.aim(running.address)
        for _ in range(cuts):
            running.let_run(rng.uniform(0.1, 0.6))
            shutil.rmtree(disk, ignore_errors=True)
            with standing_still(running):
                promised = dict(load.accepted)
                copy_without_shared_memory(running.data_dir, disk)
            assert stored(disk) >= promised.keys()
    logger.info("Seed %d: %d cuts, %d webhooks at the last", SEED, cuts, len(promised))
    running.kill()
    assert len(promised) > cuts
    after = program(folder="disk", **discord.environment)
    after.start()
    after.wait_for(lambda: after.drained)
    assert after.stop() == 0
    ledger = Ledger(after)
    ledger.check_families(promised, types=MEMBERS)
    ledger.check_runs(kills=1, at_once=3)


@contextmanager
def system_calls(running: Program, log: Path) -> Iterator[None]:
    """Write down what the program asks of the system meanwhile; skips where that is not allowed."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    assert running.process is not None
    calls = "trace=fsync,fdatasync,pwrite64,write,writev,sendto,sendmsg"
    with subprocess.Popen(
        [strace, "-f", "-y", "-e", calls, "-s", "32", "-o", str(log), "-p", str(running.process.pid)],
        stderr=subprocess.PIPE,
        text=True,
    ) as tracer:
        assert tracer.stderr is not None
        told = tracer.stderr.readline()
        if "attached" not in told:
            pytest.skip(f"strace may not look at other processes here: {told.strip()}")
        try:
            yield
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait(10)


def test_a_webhook_is_synced_to_the_disk_between_its_commit_and_its_answer(
    program: Callable[..., Program], tmp_path: Path
) -> None:
    running = program()
    running.start()
    log = tmp_path / "calls.txt"
    with system_calls(running, log):
        assert running.post(film(1))[0] == 200
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    answered = next(number for number, line in enumerate(lines) if "HTTP/1.1 200" in line)
    before = lines[:answered]
    written = max(number for number, line in enumerate(before) if WRITTEN.search(line))
    assert any(SYNCED.search(line) for line in before[written:]), before
