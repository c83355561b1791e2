"""Leaving for good, also while a thread hangs on a network share that does not answer."""

from __future__ import annotations

import logging
import os
import sys
import threading


def leave_within(seconds: float, *, status: int) -> None:
    """End the process with ``status`` if it has not ended by itself after ``seconds``.

    Call it when everything is stored: Python waits at its end for threads that read a folder, and a hanging
    mount would keep it for ever.
    """

    def leave() -> None:
        logging.shutdown()
        sys.stdout.flush()
        os._exit(status)

    timer = threading.Timer(seconds, leave)
    timer.daemon = True
    timer.start()
