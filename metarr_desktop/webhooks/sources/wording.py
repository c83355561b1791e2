"""Words, numbers and picture addresses of a sender, made fit to be shown and stored."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metarr_desktop.webhooks.sources.shapes import Image, MediaFile

MAX_TITLE = 500
MAX_OVERVIEW = 2000
MAX_NAME = 200
MAX_ADDRESS = 2000
MAX_TAG = 100
MAX_TAGS = 50
MAX_IDS = 200

_BREAKS = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+")
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]+")


def line(value: str | None, *, limit: int = MAX_TITLE) -> str:
    """One line without control characters, cut to ``limit``."""
    return _BREAKS.sub(" ", value or "").strip()[:limit].rstrip()


def prose(value: str | None) -> str:
    """Running text that keeps its paragraphs, cut to what a message can hold."""
    plain = (value or "").replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub(" ", plain).strip()[:MAX_OVERVIEW].rstrip()


def known(number: int | None) -> int | None:
    """Return the number, or None for the 0 that senders write where they know none."""
    return number if number is not None and number > 0 else None


def name_of(value: str | None) -> str | None:
    """Return a short name such as an id, or None where there is none."""
    return line(value, limit=MAX_NAME) or None


def picture(images: Iterable[Image] | None, *, cover: str = "poster") -> str | None:
    """Public address of the first picture of that kind."""
    for image in images or ():
        if (image.cover_type or "").casefold() == cover and (address := address_of(image.remote_url)):
            return address
    return None


def address_of(value: str | None) -> str | None:
    """Return an address of the web, or None for everything else."""
    return value if value and _is_public(value) else None


def tags_of(tags: Iterable[str]) -> tuple[str, ...]:
    """Labels without doubles and empty ones, and no more than a job can carry."""
    return tuple(dict.fromkeys(tag for each in tags if (tag := line(each, limit=MAX_TAG))))[:MAX_TAGS]


def ids_of(numbers: Iterable[int | None]) -> tuple[int, ...]:
    """Return the sender's own numbers without doubles and unknown ones."""
    return tuple(dict.fromkeys(each for each in numbers if each))[:MAX_IDS]


def one_quality(files: Iterable[MediaFile | None] | None) -> str:
    """Return the quality that all files share, or nothing."""
    names = {line(file.quality, limit=MAX_NAME) for file in files or () if file is not None}
    return names.pop() if len(names) == 1 else ""


def _is_public(address: str) -> bool:
    if len(address) > MAX_ADDRESS or _BREAKS.search(address):
        return False
    try:
        split = urlsplit(address)
    except ValueError:
        return False
    return split.scheme in {"http", "https"} and bool(split.hostname)
