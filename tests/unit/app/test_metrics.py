from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.app.metrics import _escaped, metrics_text
from tests.fakes import START
from tests.unit.storage.history_rows import insert_waiting

if TYPE_CHECKING:
    from metarr_desktop.app.core import Core
    from metarr_desktop.app.paths import AppPaths

LINE = re.compile(r'[a-z_0-9]+(\{[a-z]+="(\\.|[^"\\\n])*"(,[a-z]+="(\\.|[^"\\\n])*")*\})? -?[0-9.e+]+')


async def test_every_line_is_one_that_prometheus_reads(core: Core) -> None:
    text = await metrics_text(core.queries)
    assert text.endswith("\n")
    named: set[str] = set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            named.add(line.split()[2])
        elif not line.startswith("# HELP "):
            assert LINE.fullmatch(line), line
            assert re.split(r"[{ ]", line)[0] in named


async def test_what_waits_is_counted_and_how_long_it_waits(core: Core, paths: AppPaths) -> None:
    with closing(sqlite3.connect(paths.database)) as db, db:
        insert_waiting(db, 1, at=START - timedelta(seconds=90), type="notify-kodi")
    lines = (await metrics_text(core.queries)).splitlines()
    assert "metarr_queue_pending 1" in lines
    assert "metarr_queue_oldest_waiting_seconds 90.0" in lines
    assert 'metarr_jobs{type="notify-kodi",status="pending"} 1' in lines
    assert "metarr_listener_up 0" in lines


def test_a_label_may_hold_anything() -> None:
    assert _escaped('a "b"\\\n') == 'a \\"b\\"\\\\\\n'
