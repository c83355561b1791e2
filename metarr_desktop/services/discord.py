"""Discord, through a channel's webhook. See https://docs.discord.com/developers/resources/webhook."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, SecretStr, field_validator

from metarr_desktop.domain.errors import AuthFailed, MetarrError, NotNow, Permanent
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.answer import not_understood, rate_limited, refusal, retry_after
from metarr_desktop.services.declaration import Delivery, MessageConfig, Service
from metarr_desktop.services.discord_message import LONGEST_USERNAME, message
from metarr_desktop.services.http import INTERNET
from metarr_desktop.services.notifier import Notifier
from metarr_desktop.services.trial import Trial
from metarr_desktop.services.wording import clean, cut_utf16

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.answer import Answer
    from metarr_desktop.services.declaration import TestStep
    from metarr_desktop.services.tools import Tools

BASE = "https://discord.com"
HOSTS = ("discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com")
_PATH = re.compile(
    r"/api(?:/v\d+)?/webhooks/(?P<id>[0-9]{1,25})/(?P<token>[A-Za-z0-9_-]{1,200})(?:/(?:slack|github))?/?"
)
PASTE = Text("Paste a webhook address from Discord: Channel settings > Integrations > Webhooks.")

BANNED_FOR = timedelta(minutes=15)
LONGEST_PAUSE_S = 10.0
UNKNOWN_CHANNEL = 10003
_HINTS = {
    220001: "This webhook belongs to a forum. Add ?thread_id= and the number of a post to its address.",
    220002: "This webhook belongs to a forum, and the address names a thread in two ways.",
    220003: "This webhook does not belong to a forum. Remove the thread from its address.",
}


def base_address() -> str:
    """Where Discord is; ``METARR_DISCORD_BASE`` names another place, for proxies and tests."""
    return os.environ.get("METARR_DISCORD_BASE", BASE).rstrip("/")


def normalise(address: str) -> str:
    """Webhook address as we call it, with the thread it may name. Raises ValueError where it is none."""
    trimmed = address.strip().strip("<>").strip()
    base = base_address()
    try:
        parts = urlsplit(trimmed)
        threads = parse_qs(parts.query).get("thread_id", [])
    except ValueError:
        raise ValueError(PASTE) from None
    at_discord = parts.scheme.lower() == "https" and parts.netloc.lower() in HOSTS
    found = _PATH.fullmatch(parts.path)
    if found is None or not (at_discord or f"{parts.scheme}://{parts.netloc}".lower() == base.lower()):
        raise ValueError(PASTE)
    thread = f"?thread_id={threads[0]}" if threads and re.fullmatch(r"[0-9]{1,25}", threads[0]) else ""
    return f"{base}/api/webhooks/{found['id']}/{found['token']}{thread}"


class DiscordConfig(MessageConfig):
    """Settings of one Discord channel. The whole address is a secret: whoever has it can post."""

    webhook_url: Annotated[
        SecretStr,
        Field(
            title="Webhook address",
            description="From Discord: Channel settings > Integrations > Webhooks > Copy Webhook URL.",
        ),
    ]
    username: Annotated[
        str,
        Field(
            title="Name",
            max_length=LONGEST_USERNAME,
            description="The name messages appear under. Empty means the webhook's own name.",
        ),
    ] = "Metarr"
    mention: Annotated[
        str,
        Field(title="Mention role", description="The number of a role to mention. Empty means nobody."),
    ] = ""

    @field_validator("webhook_url")
    @classmethod
    def _is_webhook(cls, value: SecretStr) -> SecretStr:
        return SecretStr(normalise(value.get_secret_value()))

    @field_validator("username")
    @classmethod
    def _is_allowed(cls, value: str) -> str:
        for word in ("discord", "clyde"):
            if word in value.lower():
                raise ValueError(text('Discord does not allow "{word}" in this name.', word=word))
        return value

    @field_validator("mention")
    @classmethod
    def _is_role(cls, value: str) -> str:
        role = value.removeprefix("<@&").removesuffix(">").strip()
        if role and not re.fullmatch(r"\d{15,21}", role):
            raise ValueError(
                Text("A role is a number of 17 to 20 digits. Copy it in Discord with Copy Role ID.")
            )
        return role


class DiscordNotifier(Notifier[DiscordConfig]):
    """Posts one embed for each event, and keeps the pauses Discord asks for."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        self._free_at: dict[str, float] = {}

    async def send(self, config: DiscordConfig, notification: Notification) -> Delivery:
        """Post and wait for Discord to keep the message: without ``wait`` a lost one gives no error.

        Raises NotNow where Discord's last answer asks for a longer pause.
        """
        url = config.webhook_url.get_secret_value()
        await self._pause(url)
        answer = await self.http.request(
            "POST",
            f"{url}{'&' if '?' in url else '?'}wait=true",
            reach=INTERNET,
            secrets=_secrets(url),
            json_body=message(
                notification,
                username=config.username,
                mention=config.mention,
                timestamp=self.clock.now().isoformat(),
            ),
        )
        self._note_pause(url, answer)
        if not answer.ok:
            raise self._refusal(answer)
        identity = answer.json_object().get("id")
        if identity is None and answer.status != 204:  # noqa: PLR2004 - taken without a word
            raise not_understood()
        return Delivery(
            detail=Text("Accepted by Discord."), message_id=None if identity is None else str(identity)
        )

    async def test(self, config: DiscordConfig) -> list[TestStep]:
        """Ask for the webhook itself, which posts nothing."""
        url = config.webhook_url.get_secret_value()

        async def look() -> Text:
            answer = await self.http.request(
                "GET", url.partition("?")[0], reach=INTERNET, secrets=_secrets(url)
            )
            if not answer.ok:
                raise self._refusal(answer)
            told = answer.json_object()
            if "id" not in told:
                raise not_understood()
            name = cut_utf16(clean(answer.hide(str(told.get("name") or "Discord"))), 80)
            return text("Connected to {name} in {ms} ms.", name=name)

        trial = Trial(clock=self.clock)
        await trial.step("Webhook", look)
        return trial.steps

    async def _pause(self, url: str) -> None:
        wait = self._free_at.get(url, 0.0) - self.clock.monotonic()
        if wait > LONGEST_PAUSE_S:
            until = self.clock.now() + timedelta(seconds=wait)
            raise NotNow("Discord takes no more messages for the moment.", until=until)
        if wait > 0:
            await self.clock.sleep(wait)

    def _note_pause(self, url: str, answer: Answer) -> None:
        """Discord says beforehand when the next message would be one too many."""
        self._free_at.clear()
        if answer.ok and answer.headers.get("X-RateLimit-Remaining") == "0":
            wait = retry_after(answer.headers.get("X-RateLimit-Reset-After"), now=self.clock.now())
            self._free_at[url] = self.clock.monotonic() + wait.total_seconds()

    def _refusal(self, answer: Answer) -> MetarrError:
        """Say what a refusal means; the codes are Discord's own."""
        body = answer.json_object()
        match answer.status:
            case 429:
                # Without JSON it comes from the network before Discord, which bans for longer.
                asked = body.get("retry_after", answer.headers.get("Retry-After"))
                wait = BANNED_FOR if asked is None else retry_after(asked, now=self.clock.now())
                return rate_limited(wait)
            case 401 | 403:
                detail = answer.hide(str(body.get("message", ""))) or f"HTTP {answer.status}"
                return AuthFailed(text("Key rejected: {detail}", detail=detail))
            case 404 if body.get("code") != UNKNOWN_CHANNEL:
                # An address that is gone must not be called again: Discord bans who goes on.
                return AuthFailed("This webhook is gone from Discord. Make a new one and paste its address.")
            case status if 400 <= status < 500 and body and status not in {408, 425}:  # noqa: PLR2004
                faults = "; ".join(_faults(body.get("errors")))
                code = body.get("code")
                hint = _HINTS.get(code) if isinstance(code, int) else None
                said = hint or faults or str(body.get("message", "")) or answer.excerpt()
                return Permanent(
                    text(
                        "Discord refused the message (HTTP {code}): {detail}",
                        code=status,
                        detail=answer.hide(said),
                    )
                )
            case _:
                return refusal(answer, now=self.clock.now())


def _faults(errors: object, *, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Walk Discord's tree of faults: every ``_errors`` list holds messages for the field above it."""
    if not isinstance(errors, dict) or len(path) > 10:  # noqa: PLR2004 - deeper than any body we send
        return
    for key, value in errors.items():
        if key == "_errors" and isinstance(value, list):
            said = " ".join(str(each.get("message", "")) for each in value if isinstance(each, dict))
            yield f"{'.'.join(path)}: {said}" if path else said
        else:
            yield from _faults(value, path=(*path, str(key)))


def _secrets(url: str) -> tuple[str, ...]:
    """Everything in the address that lets somebody post: the address, its path, the token alone."""
    bare = url.partition("?")[0]
    path = "/".join(bare.rsplit("/", 2)[1:])
    return url, bare, path, bare.rpartition("/")[2]


SERVICE = Service(
    key="discord",
    title="Discord",
    config=DiscordConfig,
    notifier=DiscordNotifier,
    docs="docs/services/discord.md",
)
