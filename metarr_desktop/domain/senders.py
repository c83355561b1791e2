"""Senders: the single Radarr, Sonarr or Lidarr of a household that tells us what it did."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

LONGEST_NAME = 60
_NO_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """One row of ``sources``.

    ``name`` is what people call it, ``type`` the key of its source. ``url`` is empty until it was set up to
    be called itself. ``values`` are its settings without secrets, whose fields are in ``kept_secrets``;
    ``known`` is what was found out about it: version, our webhook there, the last catch-up.
    """

    id: int
    type: str
    name: str
    url: str = ""
    enabled: bool = True
    values: Mapping[str, Any] = field(default_factory=dict)
    kept_secrets: frozenset[str] = frozenset()
    known: Mapping[str, Any] = field(default_factory=dict)
    last_contact: datetime | None = None

    @property
    def slug(self) -> str:
        """The name as it stands in addresses and in the names of secrets."""
        return slug(self.name)

    @property
    def secret_prefix(self) -> str:
        """What the names of this sender's secrets begin with: ``source-radarr-4k``."""
        return f"source-{self.slug}"


def slug(name: str) -> str:
    """Return a name fit for an address: ``Radarr 4K`` is ``radarr-4k``; empty where nothing is left."""
    return _NO_SLUG.sub("-", name.casefold()).strip("-")
