"""A person may wave away that a video plays, and nothing else."""

from __future__ import annotations

import pytest

from metarr_desktop.app.scan_anyway import may_scan_anyway
from metarr_desktop.domain.jobs import Job, JobStatus
from metarr_desktop.domain.text import Text
from metarr_desktop.services.kodi import SERVICE
from tests.fakes import START


def put_off(reason: str) -> Job:
    return Job(
        id=1,
        type=SERVICE.job_type,
        lane="kodi",
        priority=5,
        status=JobStatus.PENDING,
        payload={},
        created_at=START,
        updated_at=START,
        run_after=START,
        root_id=1,
        deferrals=1,
        reason=Text(reason),
    )


@pytest.mark.parametrize(
    ("reason", "may"),
    [
        ("{player} is playing a video.", True),
        ("A video plays on every player that is on.", True),
        ("What was deleted is being played.", False),
        ("Kodi is busy with another scan.", False),
        ("Kodi is still scanning.", False),
        ("Kodi is still reading the film anew.", False),
        ("{file} is not there yet.", False),
    ],
)
def test_only_what_a_person_can_decide_is_asked(reason: str, may: bool) -> None:
    """With these a scan would be put off again at once, whatever was said."""
    assert may_scan_anyway(put_off(reason), services=[SERVICE]) is may
