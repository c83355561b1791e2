"""Posting to a channel so that one message stands for all that becomes of a film."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.domain.events import Action, MediaEvent
from metarr_desktop.domain.text import Text
from metarr_desktop.services import discord_address
from metarr_desktop.services.answer import not_understood
from metarr_desktop.services.declaration import Delivery
from metarr_desktop.services.discord_answer import UNKNOWN_CHANNEL, cannot_be_changed, refused
from metarr_desktop.services.discord_live import CHANGES, Posted
from metarr_desktop.services.http import INTERNET

if TYPE_CHECKING:
    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.answer import Answer
    from metarr_desktop.services.discord_live import Live
    from metarr_desktop.services.discord_pace import Pace
    from metarr_desktop.services.tools import Tools

logger = logging.getLogger(__name__)

_NO_CONTENT = 204


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a channel: in a thread, or in a new post of a forum."""

    thread: str = ""
    new_post: str = ""


class Channel:
    """One webhook, for one delivery."""

    def __init__(self, tools: Tools, *, url: str, pace: Pace, live: Live) -> None:
        self._http = tools.http
        self._clock = tools.clock
        self._url = url
        self._pace = pace
        self._live = live

    async def tell(
        self,
        notification: Notification,
        *,
        body: dict[str, Any],
        changed: dict[str, Any],
        place: Place,
        name: str | None,
    ) -> Delivery:
        """Post a message, or change the earlier one of this name; what it takes the place of is removed.

        A run again of the same job changes its own message, where that was noted.
        """
        event = notification.event
        if name is None or not isinstance(event, MediaEvent):
            return _delivery(await self._post(body, place), Text("Accepted by Discord."))
        grabs = f"{name}/grab"
        grabbed = await self._live.posted(grabs)
        earlier = grabbed if event.action is Action.GRABBED else await self._live.posted(name)
        job = notification.job_id
        may_change = earlier is not None and (event.action in CHANGES or earlier.job == job)
        if earlier is not None and may_change and await self._change(changed, earlier):
            told, detail = earlier, Text("The earlier message was updated.")
        else:
            around = [each for each in (earlier, grabbed) if each is not None]
            told = await self._post_beside(body, place, around=around, job=job)
            detail = Text("Accepted by Discord.")
            self._live.keep(grabs if event.action is Action.GRABBED else name, told)
            if earlier is not None and told.identity:
                await self._remove(earlier)
        if grabbed is not None and event.action is not Action.GRABBED:
            await self._remove(grabbed)
            await self._live.drop(grabs)
        return _delivery(told, detail)

    async def _post_beside(
        self, body: dict[str, Any], place: Place, *, around: list[Posted], job: int
    ) -> Posted:
        """Post a message; in a forum into the post that is about the same already."""
        thread = next((each.thread for each in around if each.thread), "") if place.new_post else ""
        if thread:
            answer = await self._call("POST", body, thread=thread)
            if answer.ok:
                return self._posted(answer, thread=thread, job=job)
            if answer.json_object().get("code") != UNKNOWN_CHANNEL:
                raise refused(answer, now=self._clock.now())
        return await self._post(body, place, job=job)

    async def _post(self, body: dict[str, Any], place: Place, *, job: int = 0) -> Posted:
        sent = {**body, "thread_name": place.new_post} if place.new_post else body
        answer = await self._call("POST", sent, thread=place.thread)
        if not answer.ok:
            raise refused(answer, now=self._clock.now())
        opened = str(answer.json_object().get("channel_id") or "") if place.new_post else ""
        return self._posted(answer, thread=opened or place.thread, job=job, opened=bool(opened))

    def _posted(self, answer: Answer, *, thread: str, job: int, opened: bool = False) -> Posted:
        identity = answer.json_object().get("id")
        if identity is None and answer.status != _NO_CONTENT:  # else taken without a word
            raise not_understood()
        return Posted(
            identity="" if identity is None else str(identity),
            job=job,
            at=self._clock.now().isoformat(),
            thread=thread,
            opened=opened,
        )

    async def _change(self, body: dict[str, Any], earlier: Posted) -> bool:
        """Change a message; returns whether that is still possible. Raises from ``domain/errors.py``."""
        if not earlier.identity:
            return False
        answer = await self._call("PATCH", body, thread=earlier.thread, identity=earlier.identity)
        if cannot_be_changed(answer):
            return False
        if not answer.ok:
            raise refused(answer, now=self._clock.now())
        if "id" not in answer.json_object():
            raise not_understood()
        return True

    async def _remove(self, old: Posted) -> None:
        """Remove a message another took the place of; if that fails it stays, and nothing is lost."""
        if old.opened or not old.identity:
            return
        try:
            answer = await self._call("DELETE", None, thread=old.thread, identity=old.identity)
        except MetarrError as error:
            logger.info("An earlier message stays in the channel: %s", error)
            return
        if not answer.ok and not cannot_be_changed(answer):
            logger.info("An earlier message stays in the channel: HTTP %d", answer.status)

    async def _call(
        self, method: str, body: dict[str, Any] | None, *, thread: str, identity: str = ""
    ) -> Answer:
        """Make one call in the pace Discord asks for."""
        place = f"{method} {discord_address.webhook_id(self._url)}"
        await self._pace.keep(place)
        url = (
            discord_address.message(self._url, identity=identity, thread=thread)
            if identity
            else discord_address.execution(self._url, thread=thread)
        )
        secrets = discord_address.secrets_of(self._url)
        answer = await self._http.request(method, url, reach=INTERNET, secrets=secrets, json_body=body)
        self._pace.note(place, answer)
        return answer


def _delivery(told: Posted, detail: Text) -> Delivery:
    return Delivery(detail=detail, message_id=told.identity or None)
