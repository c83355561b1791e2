"""How a service stands, told from what is stored of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.app.lane_views import stop_reason
from metarr_desktop.app.snapshots import ServiceForm, ServiceSnapshot, ServiceState
from metarr_desktop.domain.jobs import EndStatus
from metarr_desktop.domain.lanes import LaneState
from metarr_desktop.domain.quota import Quota
from metarr_desktop.domain.text import Text, text
from metarr_desktop.jobs.recipients import member_fields
from metarr_desktop.services.forms import field_specs, missing_fields, secret_fields

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from metarr_desktop.app.household_views import HouseholdForm
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
    titles: Mapping[str, str],
    waiting: WaitingJobs,
    last: JobRecord | None,
    household: HouseholdForm | None = None,
    quota: Quota | None = None,
) -> ServiceSnapshot:
    """Sum up one service; ``stops`` are those of its lanes, by lane, and ``titles`` what lanes are called.

    One with players is set up as soon as one of them is.
    """
    missing = set(missing_fields(service, row.values, secrets_set(service, row, secrets)))
    missing -= member_fields(service)
    stop = min(stops.values(), key=_urgency, default=None)
    complete = household is None or any(player.complete for player in household.players)
    configured = complete and not missing
    title = service.title if stop is None else titles.get(stop.lane, service.title)
    state, detail = _state(row, title=title, configured=configured, stop=stop, waiting=waiting, last=last)
    return ServiceSnapshot(
        key=service.key,
        title=service.title,
        enabled=row.enabled,
        configured=configured,
        state=state,
        detail=detail,
        waiting=waiting.count,
        last_status=None if last is None else last.status,
        last_at=None if last is None else last.completed_at,
        stop=None if stop is None else stop.state,
        until=None if stop is None or stop.state is LaneState.PROBING else stop.until,
        household=household,
        quota=quota,
        optional=is_optional(row),
    )


def form_of(
    service: Service, row: ServiceRow, *, secrets: SecretStore, household: HouseholdForm | None
) -> ServiceForm:
    """Return what a service's settings page starts from: with one player, also what is said of that."""
    fields, values = field_specs(service), dict(row.values)
    filled = secrets_set(service, row, secrets)
    if household is not None:
        own = member_fields(service)
        filled -= own
        if household.several:
            fields = tuple(field for field in fields if field.name not in own)
        for player in () if household.several else household.players:
            values |= player.values
            filled |= player.secrets_set
    plain = {field.name: field.default for field in fields if field.kind != "secret"}
    return ServiceForm(
        key=service.key,
        title=service.title,
        enabled=row.enabled,
        fields=fields,
        values={**plain, **{name: value for name, value in values.items() if name in plain}},
        secrets_set=filled,
        docs=service.docs,
        takes_messages=service.sends_messages,
        household=household,
        loads=service.loads,
        sign_in=None if service.sign_in is None else service.sign_in.label,
    )


def _urgency(stop: LaneStop) -> tuple[bool, str]:
    """Of several lanes that stopped, one is told that waits for a person."""
    return stop.state is not LaneState.BLOCKED, stop.lane


def quotas(notes: Mapping[str, Mapping[str, Any]], *, now: datetime) -> dict[str, Quota]:
    """Read what each service said it takes yet; what a new month made void is left out."""
    found = {key: Quota.read(note) for key, note in notes.items()}
    return {key: quota for key, quota in found.items() if quota is not None and quota.reset > now}


def is_optional(row: ServiceRow) -> bool:
    """Whether its failures raise no alarm."""
    return row.values.get("optional") is True


def _state(
    row: ServiceRow,
    *,
    title: str,
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
        return ServiceState.WAITING, stop_reason(stop, title)
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
