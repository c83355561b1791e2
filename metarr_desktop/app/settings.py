"""The program's own settings: read once, checked, and stored when they change."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from metarr_desktop.app.snapshots import SettingsSnapshot
from metarr_desktop.domain.changes import SettingsChanged
from metarr_desktop.domain.clock import from_ms, to_ms
from metarr_desktop.domain.errors import Refused
from metarr_desktop.domain.networks import parse_networks, written
from metarr_desktop.domain.text import Text, text
from metarr_desktop.webhooks.addresses import normal_base_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.storage.settings_store import SettingsStore

HIGHEST_PORT = 65_535
A_YEAR, TEN_YEARS = 365, 3650
BOUNDS: Mapping[str, tuple[int, int, Text]] = MappingProxyType(
    {
        "port": (1, HIGHEST_PORT, Text("A port is a number from 1 to {highest}.")),
        "keep_done_days": (1, TEN_YEARS, Text("Done jobs are kept 1 to {highest} days.")),
        "keep_failed_days": (1, TEN_YEARS, Text("Failed jobs are kept 1 to {highest} days.")),
        "deliver_within_days": (1, A_YEAR, Text("Deliveries are given up after 1 to {highest} days.")),
    }
)
"""Least and most of each number, and the sentence for everything else."""
FORMS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "allow_only": lambda typed: written(parse_networks(typed)),
        "trusted_proxies": lambda typed: written(parse_networks(typed)),
        "base_path": normal_base_path,
    }
)
"""How some texts are written in the table; each raises Refused for a text that means nothing."""
NO_CHOICES = frozenset({"host_override", "told_still_running", "assistant_seen"})
MOST_DIGITS = 19
PAUSE = "pause"
LEASE = "lease_s"
"""How long a computer may be silent before others take over its jobs; only for the shared database."""
SHORTEST_LEASE_S, LONGEST_LEASE_S = 1.5, 3_600
KEY_DIGEST = "receiving_key_sha256"
API_KEY_DIGEST = "api_key_sha256"


class AppSettings:
    """The settings in force; what a person broke by hand in the table falls back to its default."""

    def __init__(self, *, store: SettingsStore, bus: Bus, clock: Clock) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._snapshot = SettingsSnapshot()
        self._key_digest: str | None = None
        self._api_key_digest: str | None = None
        self._pause: tuple[bool, datetime | None] = (False, None)
        self._port_override: int | None = None
        self._lease = timedelta(seconds=60)

    @property
    def port(self) -> int:
        """The port to listen on: the one given for this run, else the setting."""
        return self._snapshot.port if self._port_override is None else self._port_override

    @property
    def snapshot(self) -> SettingsSnapshot:
        """The settings as they are now."""
        return self._snapshot

    @property
    def key_digest(self) -> str | None:
        """SHA-256 of the receiving key, in hex; the key itself is a secret."""
        return self._key_digest

    @property
    def api_key_digest(self) -> str | None:
        """SHA-256 of the key of the API, in hex."""
        return self._api_key_digest

    @property
    def lease(self) -> timedelta:
        """How long a process holds a job of a shared database without a sign of life."""
        return self._lease

    @property
    def deliver_within(self) -> timedelta:
        """What was not delivered in this time is given up."""
        return timedelta(days=self._snapshot.deliver_within_days)

    @property
    def pause(self) -> tuple[bool, datetime | None]:
        """The stored pause: whether, and until when."""
        return self._pause

    async def load(self) -> None:
        """Read everything from the database."""
        stored = await self._store.all()
        known = {field.name for field in fields(SettingsSnapshot)} - {"host_override"}
        for name in known & set(stored):
            try:
                self._snapshot = replace(self._snapshot, **{name: _checked(name, stored[name])})
            except Refused:
                continue
        digest = stored.get(KEY_DIGEST)
        self._key_digest = digest if isinstance(digest, str) else None
        digest = stored.get(API_KEY_DIGEST)
        self._api_key_digest = digest if isinstance(digest, str) else None
        self._pause = _read_pause(stored.get(PAUSE))
        lease = stored.get(LEASE)
        if isinstance(lease, int | float) and SHORTEST_LEASE_S <= lease <= LONGEST_LEASE_S:
            self._lease = timedelta(seconds=lease)

    async def save(self, changes: Mapping[str, Any]) -> SettingsSnapshot:
        """Store and use changed settings. Raises Refused on a value that cannot be."""
        checked = {name: _checked(name, value) for name, value in changes.items()}
        await self._store.save(checked, now=self._clock.now())
        self._snapshot = replace(self._snapshot, **checked)
        self._bus.publish(SettingsChanged())
        return self._snapshot

    async def save_key_digest(self, digest: str) -> None:
        """Store the digest of a new receiving key."""
        await self._store.save({KEY_DIGEST: digest}, now=self._clock.now())
        self._key_digest = digest
        self._bus.publish(SettingsChanged())

    async def save_api_key_digest(self, digest: str) -> None:
        """Store the digest of a new key of the API."""
        await self._store.save({API_KEY_DIGEST: digest}, now=self._clock.now())
        self._api_key_digest = digest

    async def save_pause(self, *, paused: bool, until: datetime | None) -> None:
        """Store whether deliveries are paused, so that a restart does not end it."""
        value = {"until": None if until is None else to_ms(until)} if paused else None
        await self._store.save({PAUSE: value}, now=self._clock.now())
        self._pause = (paused, until)

    def use(self, changes: Mapping[str, Any]) -> None:
        """Use changed settings without storing them yet. Raises Refused on a value that cannot be."""
        checked = {name: _checked(name, value) for name, value in changes.items()}
        if checked.get("port", self._snapshot.port) != self._snapshot.port:
            self._port_override = None
        self._snapshot = replace(self._snapshot, **checked)

    def state(self) -> tuple[SettingsSnapshot, int | None]:
        """Everything in use, to ``restore`` it."""
        return self._snapshot, self._port_override

    def restore(self, state: tuple[SettingsSnapshot, int | None]) -> None:
        """Go back to what was used before."""
        self._snapshot, self._port_override = state

    def override(self, *, port: int | None, host: str | None) -> None:
        """Use another port or host for this run only; port 0 takes a free one."""
        if port:
            _checked("port", port)
        self._port_override = port
        self._snapshot = replace(self._snapshot, host_override=host)

    def values(self) -> dict[str, Any]:
        """Every setting that a person chooses, by name."""
        return {name: value for name, value in asdict(self._snapshot).items() if name not in NO_CHOICES}

    def parse(self, typed: Mapping[str, str]) -> dict[str, Any]:
        """Turn what was typed on a command line into values. Raises Refused."""
        known, parsed = self.values(), dict[str, Any]()
        for name, given in typed.items():
            if name not in known:
                raise Refused(
                    text(
                        "There is no setting called {name}. Known are: {known}.",
                        name=name,
                        known=", ".join(known),
                    )
                )
            parsed[name] = _parsed(known[name], given.strip())
            _checked(name, parsed[name])
        return parsed


def _checked(name: str, value: object) -> Any:  # noqa: ANN401 - of the type its setting has
    hints = get_type_hints(SettingsSnapshot)
    if name not in hints or name == "host_override":
        raise Refused(text("There is no setting called {name}.", name=name))
    try:
        checked = TypeAdapter(hints[name]).validate_python(value, strict=True)
    except ValidationError as error:
        raise Refused(text("{value} is no value for {name}.", value=str(value)[:80], name=name)) from error
    if name in BOUNDS:
        least, most, sentence = BOUNDS[name]
        if not least <= checked <= most:
            raise Refused(text(sentence.template, highest=most))
    return FORMS[name](checked) if name in FORMS else checked


def complaint(name: str, value: object) -> Text | None:
    """Return what is wrong with a value of a setting, or None."""
    try:
        _checked(name, value)
    except Refused as error:
        return error.text
    return None


def _parsed(now: object, given: str) -> object:
    """Return what was typed as the type of what stands there now; what cannot be stays a text."""
    if isinstance(now, bool):
        return {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}.get(
            given.lower(), given
        )
    if isinstance(now, int) and given.isascii() and given.isdigit() and len(given) < MOST_DIGITS:
        return int(given)
    return given


def _read_pause(stored: object) -> tuple[bool, datetime | None]:
    if not isinstance(stored, dict):
        return False, None
    until = stored.get("until")
    try:
        return True, from_ms(until) if isinstance(until, int) else None
    except OverflowError:
        return True, None
