from __future__ import annotations

import pytest

from metarr_desktop.app.route_views import RouteScope, ServiceRoutes
from metarr_desktop.domain.events import EventKind
from metarr_desktop.domain.routing import OPEN_ROUTE, Route
from metarr_desktop.domain.text import Text
from metarr_desktop.ui.route_drafts import RouteDrafts

DOWNLOADED, GRABBED = EventKind.DOWNLOADED, EventKind.GRABBED
DEFAULT = frozenset({DOWNLOADED})
KIDS = Route(exclude_tags=("kids",))
SCOPES = ("", "radarr", "radarr/radarr-4k", "sonarr")


def drafts(**stored: Route) -> RouteDrafts:
    by_source = {"": stored.get("all"), "radarr": stored.get("radarr"), "radarr/radarr-4k": stored.get("one")}
    return RouteDrafts(
        ServiceRoutes(
            service="discord",
            title="Discord",
            kinds=((DOWNLOADED, Text("Downloaded")), (GRABBED, Text("Grabbed"))),
            default=DEFAULT,
            scopes=tuple(
                RouteScope(source=each, title=Text(each), route=by_source.get(each), holds=OPEN_ROUTE)
                for each in SCOPES
            ),
        )
    )


def test_a_scope_without_rules_follows_the_next_wider_one_that_has_some() -> None:
    both = drafts(all=KIDS, radarr=Route(events=frozenset({GRABBED})))
    assert both.holds("radarr/radarr-4k")[0] == "radarr"
    assert both.events("radarr/radarr-4k") == {GRABBED}
    assert both.holds("sonarr") == ("", KIDS)
    assert both.events("sonarr") == DEFAULT


def test_own_rules_begin_as_what_held_and_wider_changes_do_not_reach_them_then() -> None:
    some = drafts(all=KIDS)
    some.use_own("radarr/radarr-4k", own=True)
    some.choose("", [GRABBED])
    assert some.own("radarr/radarr-4k") == KIDS
    assert some.events("radarr/radarr-4k") == DEFAULT
    assert some.events("radarr") == {GRABBED}
    some.use_own("radarr/radarr-4k", own=False)
    assert some.changes() == {"": Route(events=frozenset({GRABBED}), exclude_tags=("kids",))}


def test_kinds_put_back_to_the_default_follow_it_again() -> None:
    some = drafts()
    some.choose("", [DOWNLOADED, GRABBED])
    assert some.changes() == {"": Route(events=frozenset({DOWNLOADED, GRABBED}))}
    some.choose("", [DOWNLOADED])
    assert some.changes() == {}
    assert not some.differ_from_defaults()


def test_rules_that_restrict_nothing_are_kept_where_they_lift_those_of_more_senders() -> None:
    some = drafts(all=KIDS)
    some.put("radarr", OPEN_ROUTE)
    assert some.changes() == {"radarr": OPEN_ROUTE}
    some.put("", OPEN_ROUTE)
    assert some.changes() == {"": None, "radarr": OPEN_ROUTE}


@pytest.mark.parametrize("nobody", [True, False])
def test_the_defaults_are_no_rules_at_all(nobody: bool) -> None:
    some = drafts() if nobody else drafts(all=KIDS, one=KIDS)
    assert some.differ_from_defaults() is not nobody
    some.restore_defaults()
    assert some.changes() == ({} if nobody else {"": None, "radarr/radarr-4k": None})
