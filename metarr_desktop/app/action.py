"""One thing that the command line can ask for, and what is said where a secret could not be kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import SecretsUnavailable
from metarr_desktop.domain.text import text
from metarr_desktop.storage.secrets import variable_name

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from metarr_desktop.app.core import Core
    from metarr_desktop.app.params import Params

KEEP_WHILE_RUNNING = (
    "Nothing was saved. {error} Repeat with --until-quit to keep it until the program quits,"
    " or give it as an environment variable: {names}."
)
KEEP_WHEN_RUNNING = (
    "Nothing was saved. {error} Give it as an environment variable: {names}. Or start the program and repeat"
    " with --until-quit, which keeps it until the program quits."
)


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to ask for, and the names of the parameters it knows."""

    run: Callable[[Core, Params], Awaitable[object]]
    accepts: frozenset[str] = frozenset()


def not_kept(
    error: SecretsUnavailable, *, prefix: str, fields: Iterable[str], running: bool
) -> SecretsUnavailable:
    """Return the error that tells how secrets can be given without a keyring."""
    names = ", ".join(variable_name(f"{prefix}/{field}") for field in fields)
    template = KEEP_WHILE_RUNNING if running else KEEP_WHEN_RUNNING
    return SecretsUnavailable(text(template, error=str(error), names=names))
