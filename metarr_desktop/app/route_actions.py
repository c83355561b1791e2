"""What the command line can ask about routes; ``actions.py`` lists it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.app.route_desk import KIND_TITLES

if TYPE_CHECKING:
    from metarr_desktop.app.core import Core
    from metarr_desktop.app.params import Params
    from metarr_desktop.app.route_views import RouteScope, ServiceRoutes


async def route_list(core: Core, params: Params) -> object:
    """What every service is told of whom, or one of them."""
    wanted = params.word("service")
    keys = [wanted] if wanted else [service.key for service in await core.queries.services()]
    return [routes_json(await core.queries.routes(key)) for key in keys]


async def route_set(core: Core, params: Params) -> object:
    """Change what was typed of one scope's rules."""
    service, source = params.word("service"), params.word("source")
    route = await core.commands.parse_route(service, source, params.words("values"))
    await core.commands.set_route(service, source, route)
    return None


async def route_reset(core: Core, params: Params) -> object:
    """Take one scope's own rules away."""
    await core.commands.reset_route(params.word("service"), params.word("source"))
    return None


def routes_json(routes: ServiceRoutes) -> dict[str, Any]:
    """What one service is told of whom."""
    return {
        "service": routes.service,
        "title": routes.title,
        "takes": [kind.value for kind, _ in routes.kinds],
        "default": [kind.value for kind, _ in routes.kinds if kind in routes.default],
        "routes": [_scope_json(scope, routes) for scope in routes.scopes],
    }


def _scope_json(scope: RouteScope, routes: ServiceRoutes) -> dict[str, Any]:
    """``own`` tells whether these rules were set for this scope, or for more senders."""
    told = routes.default if scope.holds.events is None else scope.holds.events
    return {
        "source": scope.source,
        "title": str(scope.title),
        "own": scope.route is not None,
        "default_events": scope.holds.events is None,
        "events": [kind.value for kind in KIND_TITLES if kind in told],
        "include_tags": list(scope.holds.include_tags),
        "exclude_tags": list(scope.holds.exclude_tags),
        "include_paths": list(scope.holds.include_paths),
        "exclude_paths": list(scope.holds.exclude_paths),
    }
