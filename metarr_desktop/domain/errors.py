"""What can go wrong, named by what the queue does about it.

::

    MetarrError
    +-- Transient            try again later
    |   +-- RateLimited      try again when the server said
    +-- NotNow               not a failure: look again at a given time
    +-- NothingToDo          end as skipped
    +-- NeedsAttention       wait until a person acts; the lane stops
    |   +-- AuthFailed       the service rejected its key
    |   +-- NotSetUp         settings are missing or not usable
    |   +-- SecretsUnavailable   the keyring is locked or absent
    +-- Permanent            end as failed; repeating would not help
    |   +-- NotHere          unless another computer can do it
    +-- StorageFailed        the database could not store or read
    |   +-- StorageConflict  because another process did at that moment
    |   +-- StorageDamaged   its file is broken: a person chooses what becomes of it
    +-- PortUnavailable      the webhook port is taken or forbidden
    +-- NotFound, Refused    what a command asked for cannot be done
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.text import Text

if TYPE_CHECKING:
    from datetime import datetime, timedelta


class MetarrError(Exception):
    """Base of everything we raise on purpose; ``text`` is a sentence for a home user."""

    def __init__(self, message: Text | str) -> None:
        self.text = message if isinstance(message, Text) else Text(message)
        super().__init__(str(self.text))


class Transient(MetarrError):
    """The other side did not answer, or not properly: trying again may help."""

    def __init__(self, message: Text | str, *, connection: bool = False) -> None:
        super().__init__(message)
        self.connection = connection


class RateLimited(Transient):
    """The server asked to wait; ``retry_after`` is how long, counted from now."""

    def __init__(self, message: Text | str, *, retry_after: timedelta) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotNow(MetarrError):
    """Nothing failed, but the work has to wait until ``until`` (aware UTC).

    With a ``merge_key`` it runs then as one with all of its lane that wait under that key.
    """

    def __init__(self, message: Text | str, *, until: datetime, merge_key: str | None = None) -> None:
        super().__init__(message)
        self.until = until
        self.merge_key = merge_key


class NothingToDo(MetarrError):
    """There is nothing to do, and the message says why; ``event_title`` names the webhook, if known."""

    def __init__(self, message: Text | str, *, event_title: str | None = None) -> None:
        super().__init__(message)
        self.event_title = event_title


class NeedsAttention(MetarrError):
    """A person has to act before more is sent."""


class AuthFailed(NeedsAttention):
    """The service rejected its key, its password, or a webhook address that no longer exists."""


class NotSetUp(NeedsAttention):
    """The service is on but its settings are missing or not valid."""


class SecretsUnavailable(NeedsAttention):
    """The keyring is locked, absent or did not answer in time."""


class Permanent(MetarrError):
    """Repeating the same request would end the same way."""


class NotHere(Permanent):
    """What the work needs is not on this computer; another that shares the queue may have it."""


class StorageFailed(MetarrError):
    """The database could not take or give what was asked; nothing was stored."""


class StorageConflict(StorageFailed):
    """Another process changed the same rows; the same call goes through when it is made again."""


class StorageDamaged(StorageFailed):
    """The file is no whole database; it stays as it is until a person restores a backup or starts empty."""


class PortUnavailable(MetarrError):
    """The port cannot be listened on: used by another program, or ``forbidden`` by the system."""

    def __init__(self, message: Text | str, *, forbidden: bool = False) -> None:
        super().__init__(message)
        self.forbidden = forbidden


class NotFound(MetarrError):
    """There is no such job, webhook, service, folder or mapping."""


class Refused(MetarrError):
    """The command was understood and cannot be done as asked."""
