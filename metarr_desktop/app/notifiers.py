"""Makes the notifiers of all services, each with its tools."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.errors import NotFound, Refused
from metarr_desktop.services.tools import Tools

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.app.foundation import Foundation
    from metarr_desktop.services.notifier import Notifier


def build_notifiers(on: Foundation) -> Mapping[str, Notifier[Any]]:
    """Return one notifier for each service, by its key."""

    async def run_now(job_id: int) -> None:
        with suppress(NotFound, Refused):  # it runs already, or is over
            await on.queue.run_now(job_id)

    def hurry(job_id: int) -> None:
        on.tasks.spawn(run_now(job_id), name=f"hurry job {job_id}")

    return {
        each.key: each.notifier(
            Tools(
                http=on.http,
                clock=on.clock,
                notes=on.stores.notes.of(each.key, clock=on.clock),
                spawn=on.tasks.spawn,
                hurry=hurry,
                window=on.presence,
            )
        )
        for each in on.services
    }
