"""Posters fetched from the sites senders name them at, to go along with a message."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.services.http import INTERNET, Attachment

if TYPE_CHECKING:
    from metarr_desktop.services.http import Http

logger = logging.getLogger(__name__)

TMDB = "https://image.tmdb.org"
LARGEST = 5 * 1024 * 1024
WITHIN_S = 10.0
HOSTS = frozenset(
    {
        "image.tmdb.org",
        "artworks.thetvdb.com",
        "assets.fanart.tv",
        "m.media-amazon.com",
        "images-na.ssl-images-amazon.com",
        "imagecache.lidarr.audio",
        "i.gr-assets.com",
    }
)
"""The sites of the senders' own pictures. Any other address may lead into the home network."""
TYPES = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp"}


async def fetch_poster(
    http: Http, url: str | None, *, part: str, within: float = WITHIN_S
) -> Attachment | None:
    """Fetch a picture of at most 5 MiB in time; None where none is to be had, for whatever reason."""
    address = _address(url)
    if address is None:
        return None
    try:
        answer = await http.request(
            "GET",
            address,
            reach=INTERNET,
            headers={"Accept": "image/*"},
            within=within,
            largest_body=LARGEST,
            # A redirect may lead anywhere.
            follow=False,
        )
    except MetarrError as error:
        logger.info("The poster could not be fetched: %s", error)
        return None
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if not answer.ok or kind not in TYPES or not answer.body:
        logger.info("The poster could not be fetched: HTTP %d, %s", answer.status, kind or "no type")
        return None
    return Attachment(part=part, filename=f"poster.{TYPES[kind]}", content_type=kind, content=answer.body)


def _address(url: str | None) -> str | None:
    """Return where to fetch it, of a size that phones show; ``METARR_TMDB_IMAGE_BASE`` stands for TMDB's."""
    try:
        parts = urlsplit(url or "")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme != "https" or host not in HOSTS or port not in {None, 443} or "@" in parts.netloc:
        return None
    if host != "image.tmdb.org":
        return parts.geturl()
    base = os.environ.get("METARR_TMDB_IMAGE_BASE", TMDB).rstrip("/")
    return base + parts.path.replace("/t/p/original/", "/t/p/w342/", 1)
