from __future__ import annotations

import logging

from metarr_desktop.app.headless import Sentences


def test_a_traceback_stays_out_of_the_terminal() -> None:
    error = ZeroDivisionError("inside")
    record = logging.LogRecord(
        "a", logging.ERROR, "a.py", 1, "It %s", ("failed",), (type(error), error, error.__traceback__)
    )
    assert Sentences().format(record) == "Error: It failed"
