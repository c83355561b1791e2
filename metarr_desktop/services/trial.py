"""A connection test: steps one after the other, each timed, none of them raising."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import MetarrError, Transient
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.declaration import TestStep

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from metarr_desktop.domain.clock import Clock

LONGEST_S = 10.0
_MARGIN_S = 0.5


class Trial:
    """Collects the steps of one test; all of them together get 10 s, since it ``began``."""

    def __init__(self, *, clock: Clock, seconds: float = LONGEST_S, began: float | None = None) -> None:
        self._clock = clock
        self._began = clock.monotonic() if began is None else began
        self._seconds = seconds
        self.steps: list[TestStep] = []

    @property
    def failed(self) -> bool:
        """Whether a step failed, so that the next ones would tell nothing."""
        return any(not step.ok for step in self.steps)

    async def step(self, name: str, work: Callable[[], Awaitable[Text]]) -> None:
        """Do one step, unless one before it failed; ``{ms}`` in its text becomes how long it took."""
        if self.failed:
            return
        began = self._clock.monotonic()
        # A little less than is promised: the answer has to be shown, too.
        silent = False
        left = self._seconds - _MARGIN_S - (began - self._began)
        try:
            async with asyncio.timeout(left):
                ok, detail = True, await work()
        except MetarrError as error:
            ok, detail = False, error.text
            silent = isinstance(error, Transient) and error.connection
        except TimeoutError:
            ok, detail = False, text("Timed out after {seconds} s.", seconds=f"{self._seconds:g}")
            silent = True
        ms = round((self._clock.monotonic() - began) * 1000)
        if "{ms}" in detail.template:
            detail = Text(detail.template, {**detail.values, "ms": ms})
        self.steps.append(TestStep(name=Text(name), ok=ok, detail=detail, ms=ms, silent=silent))
