"""The few words of a database connection that statements use, typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.domain.errors import MetarrError
    from metarr_desktop.storage.dialect import Dialect


class Rows(Protocol):
    """What a statement gives back."""

    @property
    def rowcount(self) -> int:
        """How many rows a write touched."""

    def fetchone(self) -> Any:
        """Return the next row, or None."""

    def fetchall(self) -> list[Any]:
        """Return all rows that are left."""


class Sql(Protocol):
    """A connection inside its transaction; places in a statement are ``?``, in order."""

    @property
    def dialect(self) -> Dialect:
        """How this database says what others say otherwise."""

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Rows:
        """Run one statement."""

    def tell(self, *topics: str | int) -> None:
        """Name what this transaction changed, a job by its id, to the other processes after the commit."""


class Connection(Sql, Protocol):
    """A connection as the thread that owns it sees it."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open; the database may end one by itself."""

    @property
    def broken(self) -> bool:
        """Whether it has to be opened anew."""

    def begin(self, *, write: bool) -> None:
        """Open a transaction in which all statements see one state."""

    def commit(self) -> None:
        """Make the transaction last; what it told is on its way to the others then."""

    def rollback(self) -> None:
        """Undo the transaction; never raises."""

    def be_patient(self, *, patient: bool) -> None:
        """Wait for a lock as long as is fit, or only a moment."""

    def failure(self, error: Exception) -> MetarrError | None:
        """Return the sentence for what the database raised; None for a mistake of ours."""

    def close(self) -> None:
        """Close it."""
