"""Apprise, called in a thread of its own, with the reasons it writes to its log."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.errors import NotSetUp
from metarr_desktop.services.redact import redact
from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

INSTALL = 'Apprise is not installed. Install it with pip install "metarr-desktop[apprise]" and start again.'
LONGEST_REASON = 300
SHORTEST_SECRET = 4
_SETTINGS = {
    "async_mode": False,
    "secure_logging": True,
    "storage_mode": "memory",
    # A redirected POST becomes a GET and a false success.
    "http_redirects": False,
    # Neither files of this computer nor new keys on its disk.
    "allow_templates": False,
    "pgp_autogen": False,
    "pem_autogen": False,
    # The time limit is ours; theirs would use threads whose reasons we could not tell apart.
    "service_timeout": 0,
}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of one address; ``service`` is what Apprise calls it, empty where it knows none."""

    ok: bool
    service: str
    reason: str


class _Reasons(logging.Handler):
    """Collects what Apprise says in this thread."""

    def __init__(self) -> None:
        super().__init__(level=logging.WARNING)
        self._thread = threading.get_ident()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line, if it is ours."""
        if record.thread == self._thread:
            self.said.append(record.getMessage())


def call(url: str, *, title: str, body: str, only_look: bool = False) -> Told:
    """Notify one address, or only see whether Apprise understands it. Raises NotSetUp; blocks."""
    apprise = _library()
    logger, reasons = logging.getLogger("apprise"), _Reasons()
    logger.addHandler(reasons)
    try:
        asset = _asset(apprise)
        place = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
        if place is None:
            return Told(ok=False, service="", reason="")
        service = clean(str(place.service_name))
        if only_look:
            return Told(ok=True, service=service, reason="")
        ok = _notify(place, title=title, body=body)
    except Exception as error:  # noqa: BLE001 - one of the many plugins failed in a way of its own
        reasons.said.append(type(error).__name__)
        return Told(ok=False, service="Apprise", reason=_reason(reasons.said, url=url))
    finally:
        logger.removeHandler(reasons)
    return Told(ok=ok, service=service, reason=_reason(reasons.said, url=url))


def secrets_of(url: str) -> tuple[str, ...]:
    """What no text may show: the address and all of its parts."""
    scheme, _, rest = url.partition("://")
    pieces = [url, rest]
    for mark in "/?&=@:,":
        pieces = [part for piece in pieces for part in (piece, *piece.split(mark))]
    return tuple({piece for piece in pieces if len(piece) >= SHORTEST_SECRET and piece != scheme})


def _library() -> ModuleType:
    # Importing from two threads at once is safe; what it says to its log meanwhile is not ours to show.
    with _lock:
        try:
            import apprise  # noqa: PLC0415 - an extra, and it takes half a second
        except ImportError:
            raise NotSetUp(INSTALL) from None
        # Its lines may tell addresses; only what is collected here is shown, without them.
        for name in ("apprise", "urllib3"):
            logging.getLogger(name).propagate = False
    return apprise


def _notify(place: Any, *, title: str, body: str) -> bool:  # noqa: ANN401 - a plugin
    """Do what Apprise itself does to notify one place; it would use threads that keep the program open."""
    from apprise import NotifyFormat, NotifyType  # noqa: PLC0415
    from apprise.conversion import convert_between  # noqa: PLC0415

    convert: Any = convert_between
    wanted = place.notify_format
    words = convert(NotifyFormat.TEXT, wanted, body)
    heading = title if place.title_maxlen > 0 else convert(NotifyFormat.TEXT, wanted, title)
    return bool(place.notify(body=words, title=heading, notify_type=NotifyType.INFO, body_format=wanted))


def _asset(apprise: ModuleType) -> Any:  # noqa: ANN401 - the library is there or not
    """Settings that keep it to sending; an older version has fewer of them."""
    known = {name: value for name, value in _SETTINGS.items() if hasattr(apprise.AppriseAsset, name)}
    if not hasattr(apprise.AppriseAsset, "service_timeout"):
        known.pop("service_timeout", None)
    return apprise.AppriseAsset(app_id="Metarr", app_desc="Metarr Desktop", **known)


def _reason(said: Iterable[str], *, url: str) -> str:
    return cut(clean(redact(" ".join(said), secrets=secrets_of(url))), LONGEST_REASON)
