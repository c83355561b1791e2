"""Finds Plex: its servers answer GDM ("G'Day Mate"), a question of one line to a group of the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.services.finding import Found, each_once, shown_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.services.network import Network, Reply

EVERYBODY = ("239.0.0.250", 32414)
QUESTION = b"M-SEARCH * HTTP/1.0"
SERVER = "plex/media-server"
HIGHEST_PORT = 65_535
MOST_LINES = 100


async def find_plex(network: Network, /, *, seconds: float) -> Sequence[Found]:
    """Ask which Plex server is there; players answer as well and are left out. Raises Transient."""
    replies = await network.ask(QUESTION, to=EVERYBODY, seconds=seconds)
    return each_once(found for reply in replies if (found := _read(reply)) is not None)


def _read(reply: Reply) -> Found | None:
    """Read the head of one answer; what is broken tells nothing."""
    first, *lines = reply.data.decode("utf-8", "replace").splitlines()[:MOST_LINES] or [""]
    if not first.startswith("HTTP/1.") or " 200 " not in f"{first} ":
        return None
    heads = {name.strip().casefold(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    port = heads.get("port", "")
    if heads.get("content-type", "").casefold() != SERVER or not (port.isascii() and port.isdigit()):
        return None
    if len(port) > len(str(HIGHEST_PORT)) or not 1 <= int(port) <= HIGHEST_PORT:
        return None
    url = f"http://{reply.host}:{int(port)}"
    return Found(service="plex", name=shown_name(heads.get("name"), otherwise=url), values={"url": url})
