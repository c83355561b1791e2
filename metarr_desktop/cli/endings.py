"""How a command ends: the exit statuses scripts rely on."""

from __future__ import annotations

OK, FAILED, USAGE, NOT_RUNNING, PORT_IN_USE, DATA_ERROR = 0, 1, 2, 3, 4, 5


class UsageError(Exception):
    """The command was typed wrongly."""
