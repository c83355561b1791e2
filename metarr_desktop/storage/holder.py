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
    """Who holds the rows that run, and for how long without a sign of life where others share them.

    ``folder`` is the id of its data folder. One program at a time works on a folder, so what an earlier one
    of the same folder held is free.
    """

    worker: str
    folder: str = ""
    lease: timedelta = LEASE

    def came_after(self, worker: str) -> bool:
        """Whether that is an earlier program of the same data folder, so that it holds nothing any more."""
        return bool(self.folder) and f"-{self.folder}." in worker and worker != self.worker


def this_process(*, folder: str = "", lease: timedelta = LEASE) -> Holder:
    """Return a holder that no other run of the program is, on any computer."""
    name = f"{socket.gethostname()}-{os.getpid()}-{folder}.{secrets.token_hex(4)}"
    return Holder(worker=name, folder=folder, lease=lease)


def of_folder(folder: str) -> str:
    """Return the pattern of LIKE that the names of a folder's processes match."""
    return f"%-{folder}.%"
