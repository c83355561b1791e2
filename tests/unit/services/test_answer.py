from __future__ import annotations

from datetime import timedelta

import pytest

from metarr_desktop.domain.errors import AuthFailed, Permanent, RateLimited, Transient
from metarr_desktop.services.answer import Answer, refusal, retry_after
from tests.fakes import START


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("5", 5), ("005", 5), (" 7 ", 7), ("2.5", 2.5), (64.57, 64.57), (3, 3),
        ("0", 1), ("-4", 1), (0.01, 1),
        ("Tue, 24 Nov 2026 12:01:30 GMT", 90), ("Tue, 24 Nov 2026 11:00:00 GMT", 1),
        ("Tue, 24 Nov 2026 13:01:30 +0100", 90), ("Tue, 24 Nov 2026 12:01:30 -0000", 90),
        (None, 30), ("", 30), ("soon", 30), ("nan", 30), (True, 30), ([1], 30), ({"x": 1}, 30),
        ("1e300", 366 * 86400), ("inf", 366 * 86400), (10**400, 366 * 86400),
        ("Fri, 31 Dec 99999 12:00:00 GMT", 30), ("9" * 5000, 366 * 86400),
    ],
)  # fmt: skip
def test_every_form_of_retry_after_is_read(value: object, seconds: float) -> None:
    assert retry_after(value, now=START) == timedelta(seconds=seconds)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, Permanent), (400, Permanent), (404, Permanent), (410, Permanent), (413, Permanent),
        (401, AuthFailed), (403, AuthFailed), (408, Transient), (425, Transient), (429, RateLimited),
        (500, Transient), (502, Transient), (503, Transient), (504, Transient), (599, Transient),
    ],
)  # fmt: skip
def test_a_status_has_its_class(status: int, kind: type[Exception]) -> None:
    assert type(refusal(Answer(status=status, headers={}, body=b""), now=START)) is kind


def test_a_server_that_starts_up_may_say_how_long_it_takes() -> None:
    error = refusal(Answer(status=503, headers={"Retry-After": "005"}, body=b""), now=START)
    assert isinstance(error, RateLimited)
    assert error.retry_after == timedelta(seconds=5)


@pytest.mark.parametrize("body", [b"", b"[1]", b"5", b"null", b"<html>", b"{", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_object_is_an_empty_one(body: bytes) -> None:
    assert Answer(status=200, headers={}, body=body).json_object() == {}


def test_an_excerpt_is_one_short_line_without_secrets_or_web_pages() -> None:
    body = b"no\r\n\x1b[31mkey s3cret%2Fx s3cret/x " + b"y" * 9000
    excerpt = Answer(status=400, headers={}, body=body, secrets=("s3cret/x",)).excerpt()
    assert excerpt.startswith("no [31mkey (hidden) (hidden) yyy")
    assert len(excerpt) == 500
    assert Answer(status=400, headers={}, body=b" \n<!doctype html>").excerpt() == ""
