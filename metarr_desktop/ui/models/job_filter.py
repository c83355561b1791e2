"""Which rows of the Jobs page are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel

from metarr_desktop.ui.models.job_cells import shape_of, status_of
from metarr_desktop.ui.models.job_nodes import FamilyNode, MemberNode
from metarr_desktop.ui.models.job_tree import NODE_ROLE, JobTree
from metarr_desktop.ui.wording import named_job

if TYPE_CHECKING:
    from metarr_desktop.ui.models.job_nodes import Node

ModelIndex = QModelIndex | QPersistentModelIndex


class JobFilter(QSortFilterProxyModel):
    """A webhook is shown while one of its jobs is; a text may stand in either."""

    def __init__(self, source: JobTree, *, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self._shape = ""
        self._type = ""
        self._tree = source
        self.setRecursiveFilteringEnabled(True)
        self.setSourceModel(source)

    @property
    def is_active(self) -> bool:
        """Whether anything is left out."""
        return bool(self._text or self._shape or self._type)

    def show_only(self, *, text: str, shape: str, type: str) -> None:  # noqa: A002 - the word of the page
        """Show what has this text, this status and this type; empty ones do not restrict."""
        self._text, self._shape, self._type = text.casefold().strip(), shape, type
        self.setFilterFixedString("")  # filters anew, in every version of Qt

    def look_again(self) -> None:
        """Filter anew, after something changed that is not told row by row."""
        if self.is_active:
            self.setFilterFixedString("")  # filters anew, in every version of Qt

    def node(self, index: ModelIndex) -> Node | None:
        """The row behind an index of this model."""
        node = index.data(NODE_ROLE)
        return node if isinstance(node, FamilyNode | MemberNode) else None

    def shown_jobs(self) -> int:
        """How many jobs are shown."""
        if not self.is_active:
            return self._tree.job_count
        top = range(self.rowCount())
        indexes = [self.index(row, 0) for row in top]
        return sum(
            self.rowCount(index) if isinstance(self.node(index), FamilyNode) else 1 for index in indexes
        )

    def filterAcceptsRow(self, source_row: int, source_parent: ModelIndex) -> bool:
        """Whether a row is shown for its own sake."""
        if not self.is_active:
            return True
        node = self._tree.node(self._tree.index(source_row, 0, source_parent))
        return isinstance(node, MemberNode) and self._accepts(node)

    def _accepts(self, member: MemberNode) -> bool:
        job = member.job
        if self._type and job.type != self._type:
            return False
        if self._shape and shape_of(job, self._tree.around) not in _ALIKE.get(self._shape, {self._shape}):
            return False
        if not self._text:
            return True
        family = member.family
        name, status = named_job(job.type, job.payload), status_of(job, self._tree.around)
        words = f"{name} {status} {family.title()} {family.source}"
        return self._text in words.casefold()


_ALIKE = {"waiting": {"waiting", "blocked"}}
"""Blocked jobs are shown as waiting with a reason, so that is where people look for them."""
