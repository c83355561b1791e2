"""Finds Jellyfin and Emby: both answer a question that is sent to everybody, on UDP port 7359."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from metarr_desktop.domain.web_address import normal_address
from metarr_desktop.services.finding import Found, each_once, shown_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.services.network import Network, Reply

EVERYBODY = ("255.255.255.255", 7359)
USUAL_PORT = 8096


async def _find(network: Network, /, *, service: str, question: bytes, seconds: float) -> Sequence[Found]:
    """Ask the question of one of the two. Raises Transient."""
    replies = await network.ask(question, to=EVERYBODY, seconds=seconds)
    return each_once(found for reply in replies if (found := _read(reply, service=service)) is not None)


find_jellyfin = partial(_find, service="jellyfin", question=b"Who is JellyfinServer?")
find_emby = partial(_find, service="emby", question=b"who is EmbyServer?")


def _read(reply: Reply, *, service: str) -> Found | None:
    """Read one answer; what is broken tells nothing."""
    try:
        told = json.loads(reply.data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or not isinstance(told.get("Id"), str) or not told["Id"]:
        return None
    try:
        url = normal_address(str(told.get("Address") or ""))
    except ValueError:  # a server that does not know its own address answers all the same
        url = f"http://{reply.host}:{USUAL_PORT}"
    return Found(service=service, name=shown_name(told.get("Name"), otherwise=url), values={"url": url})
