from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from metarr_desktop.app.api_cursors import after_history, after_jobs, history_place, queue_place
from metarr_desktop.app.api_refusals import ApiRefusal
from metarr_desktop.domain.clock import EPOCH
from metarr_desktop.domain.history import HistoryCursor
from tests.unit.domain.test_job_messages import job

LAST = datetime.max.replace(tzinfo=UTC, microsecond=999_000)


@pytest.mark.parametrize("run_after", [EPOCH + timedelta(milliseconds=1), EPOCH - timedelta(days=1), LAST])
def test_a_place_in_the_queue_comes_back_as_it_was(run_after: datetime) -> None:
    following = after_jobs([job(), job(id=8, priority=3, run_after=run_after)], limit=2)
    assert following is not None
    place = queue_place(following["after"])
    assert place is not None
    assert (place.priority, place.run_after, place.id) == (3, run_after, 8)


def test_the_last_page_of_the_queue_leads_nowhere() -> None:
    assert after_jobs([], limit=2) is None
    assert after_jobs([job()], limit=2) is None
    assert after_jobs([job(run_after=EPOCH)], limit=1) is None


def test_a_place_in_the_history_comes_back_as_it_was() -> None:
    place = HistoryCursor(1_764_000_000_000, 7)
    following = after_history(place)
    assert following is not None
    assert history_place(following["before"]) == place
    assert (after_history(None), history_place(None), queue_place(None)) == (None, None, None)


@pytest.mark.parametrize("cursor", ["", "7", "1.2.3.4", "a.b", "1.-2", "9" * 40 + ".1", "1.2\n", "\u0661.2"])
def test_what_is_no_place_is_refused(cursor: str) -> None:
    for read in (history_place, queue_place):
        with pytest.raises(ApiRefusal):
            read(cursor)
    with pytest.raises(ApiRefusal):
        queue_place("1.999999999999999.1")
