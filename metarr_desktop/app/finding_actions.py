"""What the command line can ask of finding services and of signing in at them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from metarr_desktop.app.action import Action, not_kept
from metarr_desktop.domain.clock import iso
from metarr_desktop.domain.errors import Refused, SecretsUnavailable

if TYPE_CHECKING:
    from metarr_desktop.app.core import Core
    from metarr_desktop.app.finding_snapshots import FindReport, SignInSnapshot
    from metarr_desktop.app.params import Params

NEWS_WITHIN_S = 10.0
"""A call about a sign-in is answered after so long also where nothing happens."""


async def _find_services(core: Core, _: Params) -> object:
    return find_json(await core.commands.find_services())


async def _begin(core: Core, params: Params) -> object:
    run = await core.commands.begin_sign_in(params.word("service"))
    return sign_in_json(run.snapshot)


async def _state(core: Core, params: Params) -> object:
    run = core.commands.sign_in(params.number("id"))
    with suppress(TimeoutError):
        async with asyncio.timeout(NEWS_WITHIN_S):
            await run.news(after=params.number("after"))
    return sign_in_json(run.snapshot)


async def _choose(core: Core, params: Params) -> object:
    core.commands.sign_in(params.number("id")).choose_offer(params.word("offer"))
    return None


async def _cancel(core: Core, params: Params) -> object:
    core.commands.sign_in(params.number("id")).cancel()
    return None


async def _save(core: Core, params: Params) -> object:
    """Store what a sign-in brought: its secrets go from here to the keyring, and not over the wire."""
    run = core.commands.sign_in(params.number("id"))
    until_quit = params.flag("until_quit", default=False)
    if until_quit and not core.serving:
        raise Refused("Secrets can be kept until quit only while the program runs.")
    key, draft = run.snapshot.service, run.take()
    try:
        await core.commands.save_service(key, draft, until_quit=until_quit)
    except SecretsUnavailable as error:
        raise not_kept(error, prefix=key, fields=draft.secrets, running=core.serving) from error
    return {"saved": [*draft.values, *draft.secrets]}


def find_json(report: FindReport) -> dict[str, object]:
    """What was found on the network, and what could not be looked for."""
    return {
        "found": [
            {
                "service": each.service,
                "title": each.title,
                "name": each.name,
                "address": each.address,
                "values": dict(each.values),
                "set_up": each.set_up,
                "adds": each.adds,
            }
            for each in report.found
        ],
        "failures": [str(each) for each in report.failures],
    }


def sign_in_json(snapshot: SignInSnapshot) -> dict[str, object]:
    """How a sign-in stands, with the code and the link a person needs and nothing that is kept."""
    return {
        "id": snapshot.id,
        "service": snapshot.service,
        "version": snapshot.version,
        "phase": snapshot.phase,
        "words": str(snapshot.words),
        "code": snapshot.code,
        "link": snapshot.link,
        "until": iso(snapshot.until),
        "offers": [{"key": key, "title": title} for key, title in snapshot.offers],
        "warnings": [str(each) for each in snapshot.warnings],
    }


FINDING_ACTIONS: dict[str, Action] = {
    "find_services": Action(_find_services),
    "sign_in_begin": Action(_begin, frozenset({"service"})),
    "sign_in_state": Action(_state, frozenset({"id", "after"})),
    "sign_in_choose": Action(_choose, frozenset({"id", "offer"})),
    "sign_in_cancel": Action(_cancel, frozenset({"id"})),
    "sign_in_save": Action(_save, frozenset({"id", "until_quit"})),
}
