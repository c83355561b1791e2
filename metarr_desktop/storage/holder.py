"""The process that runs jobs, as the rows it holds name it."""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass
from datetime import timedelta

LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds the rows that run, and for how long without a sign of life where others share them."""

    worker: str
    lease: timedelta = LEASE


def this_process(*, lease: timedelta = LEASE) -> Holder:
    """Return a holder that no other run of the program is, on any computer."""
    return Holder(worker=f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}", lease=lease)
