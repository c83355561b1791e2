"""One Pushover account: what it takes, and what can be asked of it. See https://pushover.net/api."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from metarr_desktop.domain.quota import Quota
from metarr_desktop.services.answer import not_understood
from metarr_desktop.services.http import INTERNET
from metarr_desktop.services.pushover_answer import objects_to_attachment, refused, taken
from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from metarr_desktop.services.answer import Answer
    from metarr_desktop.services.http import Attachment
    from metarr_desktop.services.tools import Tools

BASE = "https://api.pushover.net"
MOST_CHOICES = 200
_DEVICE, _SOUND = re.compile(r"[A-Za-z0-9_-]{1,25}"), re.compile(r"[A-Za-z0-9_-]{1,20}")


def base_address() -> str:
    """Where Pushover is; ``METARR_PUSHOVER_BASE`` names another place, for proxies and tests."""
    return os.environ.get("METARR_PUSHOVER_BASE", BASE).rstrip("/")


class Account:
    """An application and the user or group it writes to. Every call raises from ``domain/errors.py``."""

    def __init__(self, tools: Tools, *, token: str, user: str) -> None:
        self._http = tools.http
        self._clock = tools.clock
        self._token = token
        self._user = user

    async def send(self, form: dict[str, str], *, poster: Attachment | None) -> Answer:
        """Send one message, and once more without its picture where that is what Pushover objects to."""
        answer = await self._post("/1/messages.json", form, poster=poster)
        if poster is not None and objects_to_attachment(answer):
            answer = await self._post("/1/messages.json", form)
        return self._checked(answer)

    async def devices(self) -> list[str]:
        """Have both keys checked, which sends nothing; returns the names of the devices."""
        listed = self._checked(await self._post("/1/users/validate.json", {})).json_object().get("devices")
        names = listed if isinstance(listed, list) else []
        return [name for name in names[:MOST_CHOICES] if isinstance(name, str) and _DEVICE.fullmatch(name)]

    async def sounds(self) -> dict[str, str]:
        """Return the sounds of the account, its own among them, with what people call them."""
        told = (await self._get("/1/sounds.json")).json_object().get("sounds")
        if not isinstance(told, dict):
            raise not_understood()
        return {
            name: cut(clean(str(title)), 100) or name
            for name, title in list(told.items())[:MOST_CHOICES]
            if _SOUND.fullmatch(name)
        }

    async def quota(self) -> Quota:
        """Return how many messages are left this month."""
        quota = Quota.read((await self._get("/1/apps/limits.json")).json_object())
        if quota is None:
            raise not_understood()
        return quota

    async def _post(self, path: str, form: dict[str, str], *, poster: Attachment | None = None) -> Answer:
        return await self._http.request(
            "POST",
            base_address() + path,
            reach=INTERNET,
            secrets=(self._token, self._user),
            form={"token": self._token, "user": self._user, **form},
            files=() if poster is None else (poster,),
        )

    async def _get(self, path: str) -> Answer:
        """The token stands in the address, as Pushover wants it, so no redirect takes it along."""
        return self._checked(
            await self._http.request(
                "GET",
                f"{base_address()}{path}?{urlencode({'token': self._token})}",
                reach=INTERNET,
                secrets=(self._token, self._user),
                follow=False,
            )
        )

    def _checked(self, answer: Answer) -> Answer:
        if not taken(answer):
            raise refused(answer, now=self._clock.now())
        return answer
