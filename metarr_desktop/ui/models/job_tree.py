"""A tree of webhooks and their jobs for Qt's views, changed row by row."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from metarr_desktop.domain.jobs import Job, JobStatus
from metarr_desktop.ui.icons import StatusIcons
from metarr_desktop.ui.models.job_cells import (
    JobsColumn,
    Surroundings,
    cell,
    shape_of,
    titles,
    tool_tip,
    worker_text,
)
from metarr_desktop.ui.models.job_nodes import FamilyNode, MemberNode, place_of, place_on_top

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metarr_desktop.app.snapshots import LaneSnapshot
    from metarr_desktop.domain.jobs import JobRecord, Progress
    from metarr_desktop.ui.models.job_nodes import Node

ModelIndex = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
NODE_ROLE = int(Qt.ItemDataRole.UserRole)
PROGRESS_ROLE = NODE_ROLE + 1
"""How far the running job of a row is, in the Worker column."""
ANSWERED = frozenset(
    {
        int(Qt.ItemDataRole.DisplayRole),
        int(Qt.ItemDataRole.AccessibleTextRole),
        int(Qt.ItemDataRole.DecorationRole),
        int(Qt.ItemDataRole.ToolTipRole),
        NODE_ROLE,
        PROGRESS_ROLE,
    }
)


class JobTree(QAbstractItemModel):
    """Rows are named to Qt by numbers that are never used twice, so an outdated index is harmless."""

    def __init__(self, parent: QObject | None = None, *, several_computers: bool = False) -> None:
        super().__init__(parent)
        self.around = Surroundings(several_computers=several_computers)
        self._serials = itertools.count(1)
        self._nodes: dict[int, Node] = {}
        self._families: dict[int, FamilyNode] = {}
        self._members: dict[int, MemberNode] = {}
        self._top: list[Node] = []
        self._icons = StatusIcons()

    @property
    def job_count(self) -> int:
        """How many jobs there are rows for."""
        return len(self._members)

    def show_grouped(self, grouped: bool) -> None:  # noqa: FBT001 - the check box itself
        """Show jobs below their webhooks, or all on one level; newest first either way."""
        if grouped == self._grouped:
            return
        self.beginResetModel()
        self.around = replace(self.around, grouped=grouped)
        rows: Sequence[Node] = tuple((self._families if grouped else self._members).values())
        self._top = sorted(rows, key=lambda node: -node.id)
        self.endResetModel()

    @property
    def _grouped(self) -> bool:
        return self.around.grouped

    def show_lanes(self, lanes: Mapping[str, LaneSnapshot]) -> bool:
        """Take which lanes take no jobs now; True where that is news, which concerns the jobs in them."""
        before = self.around.lanes
        if lanes == before:
            return False
        self.around = replace(self.around, lanes=dict(lanes))
        touched = {lane for lane in {*before, *lanes} if before.get(lane) != lanes.get(lane)}
        for member in self._members.values():
            if member.is_active and member.job.lane in touched:
                self._tell_changed(member)
        return True

    def node(self, index: ModelIndex) -> Node | None:
        """The row behind an index of this model."""
        return self._nodes.get(index.internalId()) if index.isValid() else None

    def index_of(self, job_id: int) -> QModelIndex:
        """Where a job stands."""
        member = self._members.get(job_id)
        return QModelIndex() if member is None else self._index(member)

    def repaint_icons(self) -> None:
        """Draw the icons anew, after the colours changed."""
        self._icons.forget()

    # Rows that come, change and go

    def _add_family(self, root_id: int, *, first: Job | JobRecord) -> FamilyNode:
        """A webhook is added together with a job, so that no row is ever without one."""
        family = FamilyNode(root_id, serial=next(self._serials))
        self._families[root_id] = family
        self._nodes[family.serial] = family
        if not self._grouped:
            self._add_member(family, first)
            return family
        self._make_member(family, first)
        place = place_on_top(family, self._top)
        self.beginInsertRows(QModelIndex(), place, place)
        self._top.insert(place, family)
        self.endInsertRows()
        return family

    def _add_member(self, family: FamilyNode, job: Job | JobRecord) -> None:
        probe = MemberNode(job, family=family, serial=0)
        if self._grouped:
            place = place_of(probe, family.members)
            self.beginInsertRows(self._index(family), place, place)
            self._make_member(family, job)
        else:
            place = place_on_top(probe, self._top)
            self.beginInsertRows(QModelIndex(), place, place)
            self._top.insert(place, self._make_member(family, job))
        self.endInsertRows()

    def _make_member(self, family: FamilyNode, job: Job | JobRecord) -> MemberNode:
        member = MemberNode(job, family=family, serial=next(self._serials))
        self._nodes[member.serial] = member
        self._members[member.id] = member
        family.members.insert(place_of(member, family.members), member)
        family.learn(job.payload)
        return member

    def _remove(self, family: FamilyNode) -> None:
        for node in (family,) if self._grouped else tuple(family.members):
            place = place_on_top(node, self._top)
            self.beginRemoveRows(QModelIndex(), place, place)
            del self._top[place]
            self.endRemoveRows()
        del self._families[family.id], self._nodes[family.serial]
        for member in family.members:
            del self._members[member.id], self._nodes[member.serial]
        family.members.clear()  # a circle of rows would stay in memory until the collector comes

    def _tell_changed(self, node: Node) -> None:
        if node.serial in self._nodes and (self._grouped or isinstance(node, MemberNode)):
            first = self._index(node)
            self.dataChanged.emit(first, first.siblingAtColumn(len(JobsColumn) - 1))

    def _on_seen(self, family: FamilyNode) -> None:
        """A webhook is being painted."""

    # What Qt asks

    def index(self, row: int, column: int, parent: ModelIndex = ROOT) -> QModelIndex:
        """Where a row below ``parent`` stands."""
        rows = self._rows_below(parent)
        if not 0 <= row < len(rows) or not 0 <= column < len(JobsColumn):
            return QModelIndex()
        return self.createIndex(row, column, rows[row].serial)

    def parent(self, child: ModelIndex = ROOT) -> QModelIndex:  # type: ignore[override]
        """The webhook of a job."""
        node = self.node(child)
        if isinstance(node, MemberNode) and self._grouped:
            return self._index(node.family)
        return QModelIndex()

    def rowCount(self, parent: ModelIndex = ROOT) -> int:
        """How many rows there are below ``parent``."""
        return len(self._rows_below(parent))

    def hasChildren(self, parent: ModelIndex = ROOT) -> bool:
        """Whether there are rows below ``parent``."""
        return len(self._rows_below(parent)) > 0

    def columnCount(self, parent: ModelIndex = ROOT) -> int:
        """As many as there are titles."""
        del parent
        return len(JobsColumn)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:  # noqa: ANN401 - Qt's own
        """The titles of the columns."""
        if orientation is not Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return titles()[section]

    def data(self, index: ModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own
        """One cell."""
        if role not in ANSWERED:  # most of what is asked for each cell on each painting
            return None
        node = self.node(index)
        if node is None:
            return None
        match role:
            case Qt.ItemDataRole.AccessibleTextRole if index.column() == JobsColumn.WORKER:
                return worker_text(node, self.around)
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                if isinstance(node, FamilyNode):
                    self._on_seen(node)
                return cell(node, index.column(), self.around)
            case Qt.ItemDataRole.DecorationRole:
                if isinstance(node, MemberNode) and index.column() == JobsColumn.STATUS:
                    return self._icons.get(shape_of(node.job, self.around))
                return None
            case Qt.ItemDataRole.ToolTipRole:
                return tool_tip(node, index.column(), self.around)
        if role == PROGRESS_ROLE:
            return _progress(node) if index.column() == JobsColumn.WORKER else None
        return node if role == NODE_ROLE else None

    def _rows_below(self, parent: ModelIndex) -> Sequence[Node]:
        if not parent.isValid():
            return self._top
        if parent.column() > 0 or not self._grouped:
            return ()
        node = self.node(parent)
        return node.members if isinstance(node, FamilyNode) else ()

    def _index(self, node: Node) -> QModelIndex:
        if isinstance(node, MemberNode) and self._grouped:
            row = place_of(node, node.family.members)
        else:
            row = place_on_top(node, self._top)
        return self.createIndex(row, 0, node.serial)


def _progress(node: Node) -> Progress | None:
    if isinstance(node, FamilyNode) or not isinstance(node.job, Job):
        return None
    return node.job.progress if node.job.status is JobStatus.PROCESSING else None
