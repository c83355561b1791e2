"""What the settings of media servers that are called at an address have in common."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

from pydantic import Field, SecretStr, field_validator

from metarr_desktop.domain.text import Text
from metarr_desktop.services.declaration import MediaServerConfig
from metarr_desktop.services.server_address import server_address
from metarr_desktop.services.wake_config import WakeConfig

_KEY = re.compile(r"[\x21-\x7e]{1,4000}")


class ServerConfig(WakeConfig, MediaServerConfig):
    """Its address, and the certificate that is trusted whoever made it."""

    usual_port: ClassVar[int]

    url: Annotated[
        str,
        Field(
            title="Address",
            description="As in the browser. Without a port it is the server's usual one.",
            max_length=2000,
            json_schema_extra={"placeholder": "192.168.1.30"},
        ),
    ]
    fingerprint: Annotated[
        str,
        Field(
            title="Certificate fingerprint",
            description="SHA-256 of a certificate you made yourself; Test shows it. Empty for all others.",
            max_length=200,
            json_schema_extra={"advanced": True},
        ),
    ] = ""

    @field_validator("url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        return server_address(value, port=cls.usual_port)

    @field_validator("fingerprint")
    @classmethod
    def _is_fingerprint(cls, value: str) -> str:
        return plain_fingerprint(value)


def plain_fingerprint(typed: str) -> str:
    """Take a fingerprint as browsers and openssl show it, too: in capitals, with colons.

    Raises ValueError with a Text for what is none.
    """
    digits = re.sub(r"[\s:]", "", typed.rpartition("=")[2]).lower()
    if digits and not re.fullmatch(r"[0-9a-f]{64}", digits):
        raise ValueError(Text("Enter the SHA-256 fingerprint: 64 digits and letters from a to f."))
    return digits


def pasted_key(value: SecretStr) -> SecretStr:
    """Return a key without the white space that copying takes along.

    Raises ValueError with a Text for what is none.
    """
    key = value.get_secret_value().strip()
    if not _KEY.fullmatch(key):
        raise ValueError(Text("This is no key: it has blanks or signs that no key has."))
    return SecretStr(key)
