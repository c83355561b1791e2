"""How a service stands, told from what is stored of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.app.lane_views import stop_reason
from metarr_desktop.app.snapshots import ServiceSnapshot, ServiceState
from metarr_desktop.domain.jobs import EndStatus
from metarr_desktop.domain.lanes import LaneState
from metarr_desktop.domain.quota import Quota
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.forms import missing_fields, secret_fields

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from metarr_desktop.domain.jobs import JobRecord
    from metarr_desktop.domain.lanes import LaneStop
    from metarr_desktop.services.declaration import Service
    from metarr_desktop.storage.job_store import WaitingJobs
    from metarr_desktop.storage.secrets import SecretStore
    from metarr_desktop.storage.service_store import ServiceRow


def secrets_set(service: Service, row: ServiceRow, secrets: SecretStore) -> frozenset[str]:
    """Which secret fields count as filled, told without opening the keyring."""
    return frozenset(
        field
        for field in secret_fields(service)
        if field in row.kept_secrets or secrets.provided(f"{service.key}/{field}")
    )


def snapshot_of(
    service: Service,
    row: ServiceRow,
    *,
    secrets: SecretStore,
    stops: Mapping[str, LaneStop],
    waiting: WaitingJobs,
    last: JobRecord | None,
    quota: Quota | None = None,
) -> ServiceSnapshot:
    """Sum up one service."""
    missing = missing_fields(service, row.values, secrets_set(service, row, secrets))
    stop = stops.get(service.lane)
    state, detail = _state(service, row, configured=not missing, stop=stop, waiting=waiting, last=last)
    return ServiceSnapshot(
        key=service.key,
        title=service.title,
        enabled=row.enabled,
        configured=not missing,
        state=state,
        detail=detail,
        waiting=waiting.count,
        last_status=None if last is None else last.status,
        last_at=None if last is None else last.completed_at,
        stop=None if stop is None else stop.state,
        until=None if stop is None or stop.state is LaneState.PROBING else stop.until,
        quota=quota,
        optional=is_optional(row),
    )


def quotas(notes: Mapping[str, Mapping[str, Any]], *, now: datetime) -> dict[str, Quota]:
    """Read what each service said it takes yet; what a new month made void is left out."""
    found = {key: Quota.read(note) for key, note in notes.items()}
    return {key: quota for key, quota in found.items() if quota is not None and quota.reset > now}


def is_optional(row: ServiceRow) -> bool:
    """Whether its failures raise no alarm."""
    return row.values.get("optional") is True


def _state(
    service: Service,
    row: ServiceRow,
    *,
    configured: bool,
    stop: LaneStop | None,
    waiting: WaitingJobs,
    last: JobRecord | None,
) -> tuple[ServiceState, Text | None]:
    if not row.enabled:
        return ServiceState.OFF, None
    if not configured:
        return ServiceState.NOT_SET_UP, Text("Some settings are missing.")
    if stop is not None and stop.state is LaneState.BLOCKED:
        return ServiceState.NEEDS_ATTENTION, stop.reason
    if stop is not None:
        return ServiceState.WAITING, stop_reason(stop, service.title)
    if waiting.error is not None:
        return ServiceState.WAITING, waiting.error
    checked = row.check
    delivered_after = last is not None and (checked is None or last.completed_at > checked.at)
    if delivered_after and last is not None and last.status is EndStatus.FAILED:
        return ServiceState.NEEDS_ATTENTION, last.error or text("The last delivery failed.")
    if checked is None:
        return ServiceState.NOT_TESTED, None
    if checked.ok:
        return ServiceState.CONNECTED, checked.detail
    return ServiceState.NEEDS_ATTENTION, checked.detail
