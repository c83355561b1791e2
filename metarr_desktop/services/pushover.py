"""Pushover, a line on the phone. See https://pushover.net/api."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from metarr_desktop.domain.errors import AuthFailed, MetarrError, Permanent, RateLimited
from metarr_desktop.domain.retry import RetryPolicy
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.answer import not_understood, rate_limited, refusal, retry_after
from metarr_desktop.services.declaration import Delivery, MessageConfig, Service
from metarr_desktop.services.http import INTERNET
from metarr_desktop.services.notifier import Notifier
from metarr_desktop.services.trial import Trial
from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.answer import Answer
    from metarr_desktop.services.declaration import TestStep

BASE = "https://api.pushover.net"
LONGEST_TITLE, LONGEST_MESSAGE, LONGEST_URL = 250, 1024, 512
EMERGENCY = 2
EMERGENCY_RETRY_S, EMERGENCY_EXPIRE_S = 60, 3600
QUOTA_WAIT = timedelta(hours=24)
_KEY = re.compile(r"[A-Za-z0-9]{30}")
_DEVICE = re.compile(r"[A-Za-z0-9_-]{1,25}")
SOUNDS = (
    "pushover bike bugle cashregister classical cosmic falling gamelan incoming intermission magic mechanical"
    " pianobar siren spacealarm tugboat alien climb persistent echo updown vibrate none"
)
FEW_LEFT = 500


def base_address() -> str:
    """Where Pushover is; ``METARR_PUSHOVER_BASE`` names another place, for proxies and tests."""
    return os.environ.get("METARR_PUSHOVER_BASE", BASE).rstrip("/")


def _checked_key(value: SecretStr, *, name: str) -> SecretStr:
    key = value.get_secret_value().strip()
    if len(key) != 30:  # noqa: PLR2004 - the length of every key
        raise ValueError(text("{name} has 30 letters and digits. This has {n}.", name=name, n=len(key)))
    if not _KEY.fullmatch(key):
        raise ValueError(text("{name} has letters and digits only.", name=name))
    return SecretStr(key)


class PushoverConfig(MessageConfig):
    """Settings of one Pushover application and its user or group."""

    token: Annotated[
        SecretStr,
        Field(
            title="Application token", description="Make an application at pushover.net and copy its token."
        ),
    ]
    user_key: Annotated[
        SecretStr, Field(title="User key", description="Your user or group key, at the top of pushover.net.")
    ]
    device: Annotated[
        str, Field(title="Device", description="Names with commas between them. Empty means every device.")
    ] = ""
    priority: Annotated[
        Literal[-2, -1, 0, 1, 2],
        Field(
            title="Priority",
            description="An emergency is repeated each minute for an hour, until somebody confirms it.",
            json_schema_extra={
                "labels": {
                    "-2": "Lowest (no notification)",
                    "-1": "Low (quiet)",
                    "0": "Normal",
                    "1": "High (also in quiet hours)",
                    "2": "Emergency",
                }
            },
        ),
    ] = 0
    sound: Annotated[
        str,
        Field(
            title="Sound",
            description="The default is the one set in the Pushover app.",
            json_schema_extra={
                "labels": {
                    "": "Pushover (default)",
                    **{sound: sound.capitalize() for sound in SOUNDS.split()},
                }
            },
        ),
    ] = ""

    @field_validator("token")
    @classmethod
    def _is_token(cls, value: SecretStr) -> SecretStr:
        return _checked_key(value, name="An application token")

    @field_validator("user_key")
    @classmethod
    def _is_user_key(cls, value: SecretStr) -> SecretStr:
        return _checked_key(value, name="A user key")

    @field_validator("device")
    @classmethod
    def _names_devices(cls, value: str) -> str:
        names = [name.strip() for name in value.split(",") if name.strip()]
        for name in names:
            if not _DEVICE.fullmatch(name):
                raise ValueError(
                    Text("A device name has at most 25 letters, digits, hyphens and underscores.")
                )
        return ",".join(names)

    @field_validator("sound")
    @classmethod
    def _names_a_sound(cls, value: str) -> str:
        if value and not re.fullmatch(r"[A-Za-z0-9_-]{1,20}", value):
            raise ValueError(text("A sound is one word. Pushover's own are: {sounds}.", sounds=SOUNDS))
        return value


class PushoverNotifier(Notifier[PushoverConfig]):
    """Sends one message for each event."""

    async def send(self, config: PushoverConfig, notification: Notification) -> Delivery:
        """Send one message; success is 200 with ``status`` 1."""
        sent_at = self.clock.now()
        answer = await self._post("/1/messages.json", config, message(config, notification, sent_at=sent_at))
        request = answer.json_object().get("request")
        left = answer.headers.get("X-Limit-App-Remaining", "")
        few = left.isascii() and left.isdigit() and int(left[:9]) < FEW_LEFT
        return Delivery(
            detail=Text("Accepted by Pushover."),
            message_id=str(request) if request else None,
            warnings=(text("Only {n} messages are left this month.", n=int(left[:9])),) if few else (),
        )

    async def test(self, config: PushoverConfig) -> list[TestStep]:
        """Have the keys and the device names checked, which sends nothing."""
        devices: list[str] = []

        async def keys() -> Text:
            answer = await self._post("/1/users/validate.json", config, {})
            listed = answer.json_object().get("devices")
            if isinstance(listed, list):
                devices.extend(cut(clean(str(name)), 25) for name in listed)
            return text(
                "Connected to Pushover in {ms} ms. Devices: {devices}", devices=", ".join(devices) or "-"
            )

        async def device() -> Text:
            for name in config.device.split(","):
                if name not in devices:
                    raise Permanent(text("Pushover knows no device {device}.", device=name))
            return text("Messages go to {devices}.", devices=config.device.replace(",", ", "))

        trial = Trial(clock=self.clock)
        await trial.step("Keys", keys)
        if config.device:
            await trial.step("Device", device)
        return trial.steps

    async def _post(self, path: str, config: PushoverConfig, form: dict[str, str]) -> Answer:
        token, user = config.token.get_secret_value(), config.user_key.get_secret_value()
        answer = await self.http.request(
            "POST",
            base_address() + path,
            reach=INTERNET,
            secrets=(token, user),
            form={"token": token, "user": user, **form},
        )
        if not answer.ok or answer.json_object().get("status") != 1:
            raise self._refusal(answer)
        return answer

    def _refusal(self, answer: Answer) -> MetarrError:
        """Say what a refusal means. A wrong key is 400 like any other mistake; the body tells them apart."""
        body = answer.json_object()
        if answer.status == 429:  # noqa: PLR2004 - the month's messages, or a proxy
            return self._over_quota(answer)
        if answer.status >= 500 or answer.status in {408, 425}:  # noqa: PLR2004 - server errors
            return refusal(answer, now=self.clock.now())
        errors = body.get("errors")
        told = " ".join(str(each) for each in errors) if isinstance(errors, list) else ""
        said = answer.hide(told) or answer.excerpt()
        if "invalid" in {body.get("token"), body.get("user")}:
            return AuthFailed(text("Key rejected: {detail}", detail=said or "token or user key is invalid."))
        if answer.ok and "status" not in body:
            return not_understood()
        return Permanent(
            text(
                "Pushover refused the message (HTTP {code}): {detail}",
                code=answer.status,
                detail=said or "no reason given.",
            )
        )

    def _over_quota(self, answer: Answer) -> MetarrError:
        """429 means that the month's messages are used up: wait for the reset if it is near."""
        now = self.clock.now()
        if (asked := answer.headers.get("Retry-After")) is not None:
            return rate_limited(retry_after(asked, now=now))
        try:
            reset = datetime.fromtimestamp(int(answer.headers.get("X-Limit-App-Reset", "")), tz=UTC)
        except (ValueError, OverflowError, OSError):
            return Permanent("This month's Pushover messages are used up.")
        if reset - now > QUOTA_WAIT:
            return Permanent(
                text("This month's Pushover messages are used up until {date}.", date=f"{reset:%Y-%m-%d}")
            )
        wait = max(reset - now, timedelta(seconds=5))
        return RateLimited("This month's Pushover messages are used up.", retry_after=wait)


def message(config: PushoverConfig, notification: Notification, *, sent_at: datetime) -> dict[str, str]:
    """Build the fields of one message within Pushover's limits, which count characters."""
    title = clean(notification.title)
    form = {
        "message": cut(clean(notification.body, lines=True) or title or "Imported", LONGEST_MESSAGE),
        "priority": str(config.priority),
        "timestamp": str(int(sent_at.timestamp())),
    }
    if title:
        form["title"] = cut(title, LONGEST_TITLE)
    if notification.link and len(notification.link) <= LONGEST_URL:
        form["url"] = notification.link
    if config.device:
        form["device"] = config.device
    if config.sound:
        form["sound"] = config.sound
    if config.priority == EMERGENCY:
        form |= {"retry": str(EMERGENCY_RETRY_S), "expire": str(EMERGENCY_EXPIRE_S)}
    return form


SERVICE = Service(
    key="pushover",
    title="Pushover",
    config=PushoverConfig,
    notifier=PushoverNotifier,
    docs="docs/services/pushover.md",
    retry=RetryPolicy(minimum=timedelta(seconds=5), retry_after_cap=timedelta(hours=24)),
    concurrency=2,
)
