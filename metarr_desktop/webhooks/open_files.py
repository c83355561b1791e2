"""How many connections there may be, so that files can be opened beside them."""

from __future__ import annotations

import sys

WANTED_FILES = 1_024
"""More than macOS allows a program at first; beyond it some libraries cannot wait for a file any more."""


def room_for(connections: int) -> int:
    """Return how many of so many connections take no more than half of the files this program may open.

    Every connection counts as a file. Without room the database, the keyring and all that is sent would
    fail as soon as somebody opens connections and lets them wait.
    """
    if sys.platform == "win32":  # there a connection is no file
        return connections
    import resource  # noqa: PLC0415 - Windows has none

    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    wanted = WANTED_FILES if most == unlimited else min(WANTED_FILES, most)
    if now not in {unlimited, -1} and now < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
        except (OSError, ValueError):
            wanted = now
        now = wanted
    return connections if now in {unlimited, -1} else min(connections, max(1, now // 2))
