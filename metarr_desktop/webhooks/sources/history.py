"""Records of a sender's history, read so that whatever is missing or of a wrong type is simply not there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.paths import is_inside, last_part, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence


def part(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an object inside another; empty where there is none."""
    inner = value.get(name)
    return inner if isinstance(inner, dict) else {}


def word(value: Mapping[str, Any], name: str) -> str:
    """Return a text inside an object; empty where there is none."""
    inner = value.get(name)
    return inner if isinstance(inner, str) else ""


def number(value: Mapping[str, Any], name: str) -> int | None:
    """Return a whole number inside an object; senders write some of them as texts."""
    inner = value.get(name)
    if isinstance(inner, str) and inner.isascii() and inner.isdigit():
        return int(inner[:19])
    return inner if isinstance(inner, int) and not isinstance(inner, bool) else None


def date_of(record: Mapping[str, Any]) -> datetime | None:
    """Return when it happened, by the sender's clock; None where it does not say."""
    try:
        at = datetime.fromisoformat(word(record, "date"))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def grouped(
    records: Sequence[Mapping[str, Any]], key: Callable[[Mapping[str, Any]], Hashable]
) -> list[list[Mapping[str, Any]]]:
    """Put records of one import together, in the order in which each import began."""
    groups: dict[Hashable, list[Mapping[str, Any]]] = {}
    for record in records:
        groups.setdefault(key(record), []).append(record)
    return list(groups.values())


def present(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is not known, as senders do."""
    return {name: value for name, value in values.items() if value is not None and value != ""}


def copied(value: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Take these values over as they are."""
    return {name: value[name] for name in names if value.get(name) is not None}


def file_of(record: Mapping[str, Any], *, folder: str) -> dict[str, Any]:
    """Describe the imported file as a webhook does."""
    data = part(record, "data")
    path, quality = word(data, "importedPath"), part(record, "quality")
    return present(
        {
            "id": number(data, "fileId"),
            "relativePath": relative(path, folder) if path else None,
            "path": path,
            "quality": word(part(quality, "quality"), "name"),
            "qualityVersion": number(part(quality, "revision"), "version"),
            "releaseGroup": word(data, "releaseGroup"),
            "sceneName": word(record, "sourceTitle"),
            "size": number(data, "size"),
            "sourcePath": word(data, "droppedPath"),
        }
    )


def download_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """Name the download that a record belongs to, as a webhook does."""
    data = part(record, "data")
    return present(
        {
            "downloadClient": word(data, "downloadClientName"),
            "downloadClientType": word(data, "downloadClient"),
            "downloadId": word(record, "downloadId"),
        }
    )


def relative(path: str, folder: str) -> str:
    """Return a path below a folder; only its last part where it lies elsewhere."""
    if folder and is_inside(path, folder) and parts(path) != parts(folder):
        return path[len(folder.rstrip("/\\")) + 1 :]
    return last_part(path)
