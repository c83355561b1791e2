"""The setting of whoever sleeps and can be woken over the network."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from metarr_desktop.services.declaration import ServiceConfig
from metarr_desktop.services.wake import mac_address


class WakeConfig(ServiceConfig):
    """The network card that a magic packet is for."""

    mac: Annotated[
        str,
        Field(
            title="Wake up",
            description="MAC address of its network card; who does not answer is woken. Empty means never.",
            max_length=40,
            json_schema_extra={"advanced": True, "placeholder": "00:11:32:aa:bb:cc"},
        ),
    ] = ""

    @field_validator("mac")
    @classmethod
    def _is_mac(cls, value: str) -> str:
        return mac_address(value)
