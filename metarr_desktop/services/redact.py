"""Keeps secrets out of everything that is shown, logged or stored."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Collection

HIDDEN = "(hidden)"
_USER_INFO = re.compile(r"(?<=://)[^/@\s]*@")


def redact(words: str, *, secrets: Collection[str]) -> str:
    """Replace every secret value, also in its percent-encoded forms, and credentials inside addresses."""
    forms = {form for secret in secrets if secret for form in _forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        words = words.replace(form, HIDDEN)
    return _USER_INFO.sub("", words)


def leaks(error: BaseException, *, secrets: Collection[str]) -> bool:
    """Whether an exception would show a secret when it is logged with its traceback."""
    shown = f"{error} {error!r}"
    return redact(shown, secrets=secrets) != shown


def _forms(secret: str) -> set[str]:
    harmless = secret.encode("utf-8", "replace").decode()
    return {secret, quote(harmless), quote(harmless, safe=""), quote_plus(harmless)}
