"""Connections to a PostgreSQL server, which several computers may share.

https://www.postgresql.org/docs/15/sql-notify.html tells how they hear of each other's changes.
"""

from __future__ import annotations

import contextlib
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import peewee

from metarr_desktop.domain.errors import StorageConflict, StorageFailed
from metarr_desktop.domain.text import Text, text
from metarr_desktop.storage.dialect import POSTGRESQL
from metarr_desktop.storage.failures import DISK_FULL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import psycopg

    from metarr_desktop.domain.errors import MetarrError
    from metarr_desktop.storage.sql import Connection, Rows

CHANNEL = "metarr"
LARGEST_PAYLOAD = 7_000
"""PostgreSQL takes 8,000 bytes."""
MANY = "many"
"""The topic that stands for more changes than fit."""
CONNECT_TIMEOUT_S = 5
NO_DRIVER = Text(
    "PostgreSQL needs its driver, which is not installed. Install metarr-desktop[postgres], then start again."
)
NO_ADDRESS = Text(
    "The address of the database server cannot be read. Write it like postgresql://user@host/database, a %"
    " in it as %25, and choose it again with: metarr-desktop database use ADDRESS --password."
)
NO_RIGHT = Text(
    "The database server does not let this user work: {detail}. Make the user the database's owner"
    " (ALTER DATABASE name OWNER TO user), then start again."
)
CONFLICT = Text("Another computer changed the same row at the same moment. It is tried again.")
OPTIONS: dict[str, Any] = {
    "connect_timeout": CONNECT_TIMEOUT_S,
    "application_name": "metarr-desktop",
    "options": "-c statement_timeout=30s -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"
    " -c timezone=UTC",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


def open_postgres(url: str, *, password: str | None = None) -> peewee.PostgresqlDatabase:
    """Connect; ``password`` is used where the address has none. Raises StorageFailed with what to do."""
    try:
        import psycopg  # noqa: PLC0415 - an extra, and slow to load
    except ImportError as error:
        raise StorageFailed(NO_DRIVER) from error
    given: dict[str, Any] = {} if password is None else {"password": password}
    try:
        db = peewee.PostgresqlDatabase(url, prefer_psycopg3=True, **given, **OPTIONS)
        db.connect()
    except (peewee.ProgrammingError, psycopg.ProgrammingError):
        # What libpq says of it may hold a piece of a password.
        raise StorageFailed(NO_ADDRESS) from None
    except (peewee.PeeweeException, psycopg.Error) as error:
        raise StorageFailed(_unreachable(error)) from error
    return db


def postgres_connector(
    url: str, *, password: str | None = None, sender: str = "", readonly: bool = False
) -> Callable[[], Connection]:
    """Return what connects on the thread that will use it; ``sender`` signs what is told to others."""

    def connect() -> Connection:
        db = open_postgres(url, password=password)
        raw = db.connection()  # type: ignore[no-untyped-call]
        return PostgresConnection(raw, sender=sender, readonly=readonly)

    return connect


class PostgresConnection:
    """psycopg's connection, in our words."""

    dialect = POSTGRESQL

    def __init__(self, raw: psycopg.Connection, *, sender: str, readonly: bool) -> None:
        self._raw = raw
        self._sender = sender
        self._readonly = readonly
        self._topics: dict[str | int, None] = {}

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open; one that failed counts until it is rolled back."""
        from psycopg.pq import TransactionStatus  # noqa: PLC0415 - loaded by then

        return self._raw.info.transaction_status not in {TransactionStatus.IDLE, TransactionStatus.UNKNOWN}

    @property
    def broken(self) -> bool:
        """Whether the server is gone."""
        return self._raw.closed

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Rows:
        """Run one statement; text that PostgreSQL cannot hold loses only the characters it refuses."""
        if not parameters:
            return self._raw.execute(sql)
        return self._raw.execute(_placed(sql), [_clean(each) for each in parameters])

    def tell(self, *topics: str | int) -> None:
        """Name what this transaction changed to the other processes after the commit."""
        self._topics.update(dict.fromkeys(topics))

    def begin(self, *, write: bool) -> None:
        """Open a transaction; one that only reads sees one state."""
        self._topics.clear()
        self._raw.execute(
            "BEGIN" if write and not self._readonly else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        )

    def commit(self) -> None:
        """Make the transaction last, and tell the others."""
        if self._topics:
            payload = _payload(self._sender, list(self._topics))
            self._raw.execute("SELECT pg_notify(%s, %s)", (CHANNEL, payload))
            self._topics.clear()
        self._raw.execute("COMMIT")

    def rollback(self) -> None:
        """Undo the transaction."""
        self._topics.clear()
        with contextlib.suppress(Exception):
            if not self._raw.closed:
                self._raw.execute("ROLLBACK")

    def be_patient(self, *, patient: bool) -> None:
        """The server's own time-outs hold."""

    @staticmethod
    def failure(error: Exception) -> MetarrError | None:
        """Return the sentence for what psycopg raised."""
        return postgres_failure(error)

    def close(self) -> None:
        """Close it."""
        with contextlib.suppress(Exception):
            self._raw.close()


def postgres_failure(error: Exception) -> MetarrError | None:
    """Return the sentence for what psycopg raised; None for a mistake of ours."""
    from psycopg import errors  # noqa: PLC0415 - loaded by then

    failure: StorageFailed | None
    match error:
        case errors.UniqueViolation() | errors.SerializationFailure() | errors.DeadlockDetected():
            failure = StorageConflict(CONFLICT)
        case errors.DiskFull():
            failure = StorageFailed(DISK_FULL)
        case errors.InsufficientPrivilege():
            failure = StorageFailed(text(NO_RIGHT.template, detail=_first_line(error)))
        case errors.ProgramLimitExceeded():
            failure = None
        case errors.OperationalError() | errors.InterfaceError():
            failure = StorageFailed(_unreachable(error))
        case errors.ProgrammingError() | errors.IntegrityError() | errors.DataError():
            failure = None
        case errors.Error():
            failure = StorageFailed(text("The database failed: {detail}.", detail=_first_line(error)))
        case _:
            failure = None
    if failure is not None:
        failure.__cause__ = error
    return failure


def _unreachable(error: Exception) -> Text:
    return text(
        "The database server cannot be used: {detail}. What waits goes on when it answers again.",
        detail=_first_line(error),
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:300]


@lru_cache(maxsize=512)
def _placed(sql: str) -> str:
    """Return the statement with psycopg's places."""
    return sql.replace("%", "%%").replace("?", "%s")


def _clean(value: Any) -> Any:
    """PostgreSQL's text holds neither NUL nor half a character."""
    if isinstance(value, str):
        if "\0" in value:
            value = value.replace("\0", "\ufffd")
        if not value.isascii():
            value = value.encode("utf-8", "replace").decode("utf-8")
    return value


def _payload(sender: str, topics: list[str | int]) -> str:
    payload = json.dumps([sender, *topics])
    return payload if len(payload) <= LARGEST_PAYLOAD else json.dumps([sender, MANY])
