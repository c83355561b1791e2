"""Pushover, a line on the phone. See https://pushover.net/api."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import AuthFailed, MetarrError, Permanent
from metarr_desktop.domain.quota import QUOTA_NOTE
from metarr_desktop.domain.retry import RetryPolicy
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.declaration import Delivery, Service
from metarr_desktop.services.notifier import Notifier
from metarr_desktop.services.poster import fetch_poster
from metarr_desktop.services.pushover_account import Account
from metarr_desktop.services.pushover_answer import quota_of
from metarr_desktop.services.pushover_config import DEFAULT_SOUND, EVERY_DEVICE, PushoverConfig
from metarr_desktop.services.pushover_markup import escape
from metarr_desktop.services.pushover_message import message
from metarr_desktop.services.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.domain.quota import Quota
    from metarr_desktop.services.declaration import TestStep

logger = logging.getLogger(__name__)


class PushoverNotifier(Notifier[PushoverConfig]):
    """Sends one message for each event, and remembers how many are left this month."""

    async def send(self, config: PushoverConfig, notification: Notification) -> Delivery:
        """Send one message, with the poster where there is one; without one it goes out as well."""
        url = notification.event.poster_url if config.poster else None
        poster = await fetch_poster(self.http, url, part="attachment")
        form = message(config, notification, sent_at=self.clock.now())
        answer = await self._account(config).send(form, poster=poster)
        told = answer.json_object()
        quota = quota_of(answer)
        await self._remember(quota)
        detail = Text("Accepted by Pushover.")
        if receipt := answer.hide(str(told.get("receipt") or "")):
            detail = text("Accepted by Pushover. The receipt of the emergency is {receipt}.", receipt=receipt)
        request = told.get("request")
        return Delivery(
            detail=detail, message_id=str(request) if request else None, warnings=_few_left(quota)
        )

    async def test(self, config: PushoverConfig) -> list[TestStep]:
        """Have the keys and the device names checked and the month's messages counted; sends nothing."""
        account = self._account(config)
        devices: list[str] = []

        async def keys() -> Text:
            devices.extend(await account.devices())
            return text(
                "Connected to Pushover in {ms} ms. Devices: {devices}", devices=", ".join(devices) or "-"
            )

        async def device() -> Text:
            for name in config.device.split(","):
                if name not in devices:
                    raise Permanent(text("Pushover knows no device {device}.", device=name))
            return text("Messages go to {devices}.", devices=config.device.replace(",", ", "))

        async def left() -> Text:
            try:
                quota = await account.quota()
            except AuthFailed:
                raise
            except MetarrError:
                # The keys are right, which is what the test is for.
                return Text("Pushover did not say how many messages are left this month.")
            await self._remember(quota)
            if quota.remaining == 0:
                raise Permanent(quota.text)
            return quota.text

        trial = Trial(clock=self.clock)
        await trial.step("Keys", keys)
        if config.device:
            await trial.step("Device", device)
        await trial.step("Messages left", left)
        return trial.steps

    async def choices(self, config: PushoverConfig) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """Ask for the devices of the user and for the sounds, among them those uploaded by hand."""
        account = self._account(config)
        devices, sounds = await account.devices(), await account.sounds()
        return {
            "device": (("", EVERY_DEVICE), *((name, name) for name in devices)),
            # The standard sound calls itself the default, which here is what the app says.
            "sound": (
                ("", DEFAULT_SOUND),
                *(
                    (name, name.capitalize() if title == DEFAULT_SOUND else title)
                    for name, title in sounds.items()
                ),
            ),
        }

    def _account(self, config: PushoverConfig) -> Account:
        return Account(
            self.tools, token=config.token.get_secret_value(), user=config.user_key.get_secret_value()
        )

    async def _remember(self, quota: Quota | None) -> None:
        if quota is None:
            return
        try:
            await self.notes.put(QUOTA_NOTE, quota.to_note())
        except MetarrError as error:
            # The message is out: failing now would send it again.
            logger.warning("How many messages are left could not be noted: %s", error)


def _few_left(quota: Quota | None) -> tuple[Text, ...]:
    if quota is None or not quota.few:
        return ()
    return (text("Only {n} messages are left this month.", n=quota.remaining),)


SERVICE = Service(
    key="pushover",
    title="Pushover",
    config=PushoverConfig,
    notifier=PushoverNotifier,
    docs="docs/services/pushover.md",
    retry=RetryPolicy(minimum=timedelta(seconds=5), retry_after_cap=timedelta(hours=24)),
    concurrency=2,
    escape=escape,
    loads=("device", "sound"),
)
