"""Builds what services are set up, tested, found and compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.app.finding_desk import FindingDesk
from metarr_desktop.app.household_desk import HouseholdDesk
from metarr_desktop.app.known_folders import KnownFolders
from metarr_desktop.app.path_desk import PathDesk
from metarr_desktop.app.path_sides import PathSides
from metarr_desktop.app.path_trial import PathTrial, prove
from metarr_desktop.app.refresh_trial import RefreshTrial
from metarr_desktop.app.server_places import ServerPlaces
from metarr_desktop.app.service_desk import ServiceDesk
from metarr_desktop.app.sign_in_desk import SignInDesk
from metarr_desktop.jobs.composer import Composer
from metarr_desktop.webhooks.sender_config import SenderClients

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.app.foundation import Foundation
    from metarr_desktop.services.notifier import Notifier


def household_desk(on: Foundation) -> HouseholdDesk:
    """Return what players and groups are set up with."""
    return HouseholdDesk(
        services=on.services,
        store=on.stores.players,
        library=on.stores.library,
        secrets=on.secrets,
        queue=on.queue,
        lanes=on.lanes,
        bus=on.bus,
        clock=on.clock,
    )


def service_desk(
    on: Foundation,
    notifiers: Mapping[str, Notifier[Any]],
    household: HouseholdDesk,
    places: ServerPlaces,
) -> ServiceDesk:
    """Return what services are set up and tested with."""
    stores = on.stores
    folders = KnownFolders(
        senders=stores.senders, library=stores.library, history=stores.history, routes=stores.routes
    )
    trial = PathTrial(folders=folders, library=stores.library, players=stores.players)
    return ServiceDesk(
        services=on.services,
        notifiers=prove(notifiers, services=on.services, trial=trial),
        refreshes=RefreshTrial(folders=folders, places=places, library=stores.library, clock=on.clock),
        store=on.stores.services,
        secrets=on.secrets,
        household=household,
        queue=on.queue,
        bus=on.bus,
        clock=on.clock,
        wording=Composer(on.stores.templates),
    )


def finding_desk(on: Foundation) -> FindingDesk:
    """Return what looks for services on the network."""
    return FindingDesk(services=on.services, store=on.stores.services, players=on.stores.players)


def sign_in_desk(on: Foundation, notifiers: Mapping[str, Notifier[Any]]) -> SignInDesk:
    """Return what signs in at services."""
    return SignInDesk(
        services=on.services,
        notifiers=notifiers,
        store=on.stores.services,
        spawn=on.tasks.spawn,
        clock=on.clock,
    )


def server_places(on: Foundation, notifiers: Mapping[str, Notifier[Any]]) -> ServerPlaces:
    """Return what asks media servers for their folders and films."""
    return ServerPlaces(
        services=on.services,
        notifiers=notifiers,
        store=on.stores.services,
        players=on.stores.players,
        secrets=on.secrets,
    )


def path_desk(on: Foundation, places: ServerPlaces) -> PathDesk:
    """Return what proposes path mappings."""
    clients = SenderClients(
        sources={source.key: source for source in on.sources},
        secrets=on.secrets,
        http=on.http,
        clock=on.clock,
    )
    return PathDesk(
        sides=PathSides(senders=on.stores.senders, clients=clients, library=on.stores.library),
        places=places,
        library=on.stores.library,
        notes=on.stores.notes,
        bus=on.bus,
        clock=on.clock,
    )
