"""How Radarr and its siblings are called: what differs between them, said once by each source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, SecretStr, field_validator

from metarr_desktop.domain.web_address import normal_address
from metarr_desktop.webhooks.sources.declaration import SourceConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any


class ArrConfig(SourceConfig):
    """Where the program is, and its own key; both only for what we ask of it ourselves."""

    url: Annotated[
        str,
        Field(
            title="Address",
            description="As in the browser, with its URL base if it has one.",
            max_length=500,
            json_schema_extra={"placeholder": "http://192.168.1.30:7878"},
        ),
    ]
    api_key: Annotated[
        SecretStr, Field(title="API key", description="In Settings > General > Security.", max_length=200)
    ]

    @field_validator("url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        return normal_address(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrInterface:
    """The interface of one program of the family.

    ``app_name`` is what it calls itself in ``system/status``, ``version`` the path of its interface (``v3``),
    ``port`` where it listens by default. ``triggers`` are the ``onX`` switches that its webhook gets where
    it supports them. ``history`` are the parameters that list imports, beside ``date``. ``owner`` is the part
    of a record that says what was imported, with its tags. ``recovered`` makes of such records, oldest first,
    the bodies that the webhooks of these imports would have had. ``films`` is the path that lists its films,
    of one that has any.
    """

    app_name: str
    version: str
    port: int
    triggers: tuple[str, ...]
    history: Mapping[str, str]
    owner: str
    recovered: Callable[[Sequence[Mapping[str, Any]]], list[dict[str, Any]]]
    films: str = ""
