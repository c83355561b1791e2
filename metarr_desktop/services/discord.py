"""Discord, through a channel's webhook. See https://docs.discord.com/developers/resources/webhook."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.answer import not_understood
from metarr_desktop.services.declaration import MessageConfig, Service
from metarr_desktop.services.discord_address import NUMBER, bare, normalise, secrets_of, thread_of, webhook_id
from metarr_desktop.services.discord_answer import refused
from metarr_desktop.services.discord_channel import Channel, Place
from metarr_desktop.services.discord_live import Live, name_of
from metarr_desktop.services.discord_markup import escape
from metarr_desktop.services.discord_message import (
    LONGEST_THREAD_NAME,
    LONGEST_USERNAME,
    change,
    message,
    thread_name,
)
from metarr_desktop.services.discord_pace import Pace
from metarr_desktop.services.http import INTERNET
from metarr_desktop.services.notifier import Notifier
from metarr_desktop.services.problems import is_problem
from metarr_desktop.services.trial import Trial
from metarr_desktop.services.wording import clean, cut_utf16

if TYPE_CHECKING:
    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.declaration import Delivery, TestStep
    from metarr_desktop.services.tools import Tools


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
    mention_for: Annotated[
        Literal["all", "problems"],
        Field(
            title="Mention it for",
            json_schema_extra={
                "advanced": True,
                "labels": {"all": "Every new message", "problems": "Problems only"},
            },
        ),
    ] = "all"
    live: Annotated[
        bool,
        Field(
            title="Update one message instead of sending another",
            description="Upgrades change the message of the import, which notifies nobody.",
        ),
    ] = True
    thread_id: Annotated[
        str,
        Field(
            title="Thread",
            description="The number of a thread to post into. Empty means the channel itself.",
            json_schema_extra={"advanced": True},
        ),
    ] = ""
    thread_name: Annotated[
        str,
        Field(
            title="New post",
            max_length=LONGEST_THREAD_NAME,
            description="In a forum, each message begins a new post of this name; {title} is the film's.",
            json_schema_extra={"advanced": True, "placeholder": "{title}"},
        ),
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

    @field_validator("thread_id")
    @classmethod
    def _is_thread(cls, value: str) -> str:
        if value and not NUMBER.fullmatch(value):
            raise ValueError(Text("A thread is a number. Copy it in Discord with Copy Thread ID."))
        return value

    @field_validator("thread_name")
    @classmethod
    def _is_alone(cls, value: str, info: ValidationInfo) -> str:
        address = info.data.get("webhook_url")
        named = address is not None and thread_of(address.get_secret_value())
        if value and (named or info.data.get("thread_id")):
            raise ValueError(Text("Enter either a thread or the name of a new post, not both."))
        return value

    @property
    def thread(self) -> str:
        """The thread to post into: the field, or else what the address names; empty for none."""
        return self.thread_id or thread_of(self.webhook_url.get_secret_value())


class DiscordNotifier(Notifier[DiscordConfig]):
    """Posts one embed for each event, or changes the one that told of the same film before."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        self._pace = Pace(tools.clock)
        self._live = Live(tools)

    async def send(self, config: DiscordConfig, notification: Notification) -> Delivery:
        """Post, and wait for Discord to keep the message: without ``wait`` a lost one gives no error.

        Raises NotNow where Discord's last answer asks for a longer pause.
        """
        url = config.webhook_url.get_secret_value()
        mentioned = config.mention_for == "all" or is_problem(notification.event)
        timestamp = self.clock.now().isoformat()
        channel = Channel(self.tools, url=url, pace=self._pace, live=self._live)
        return await channel.tell(
            notification,
            body=message(
                notification,
                username=config.username,
                mention=config.mention if mentioned else "",
                timestamp=timestamp,
            ),
            changed=change(notification, timestamp=timestamp),
            place=Place(
                thread=config.thread,
                new_post=thread_name(config.thread_name, notification) if config.thread_name else "",
            ),
            name=name_of(notification, webhook=webhook_id(url)) if config.live else None,
        )

    async def test(self, config: DiscordConfig) -> list[TestStep]:
        """Ask for the webhook itself, which posts nothing."""
        url = config.webhook_url.get_secret_value()

        async def look() -> Text:
            answer = await self.http.request("GET", bare(url), reach=INTERNET, secrets=secrets_of(url))
            if not answer.ok:
                raise refused(answer, now=self.clock.now())
            told = answer.json_object()
            if "id" not in told:
                raise not_understood()
            name = cut_utf16(clean(answer.hide(str(told.get("name") or "Discord"))), 80)
            return text("Connected to {name} in {ms} ms.", name=name)

        trial = Trial(clock=self.clock)
        await trial.step("Webhook", look)
        return trial.steps


SERVICE = Service(
    key="discord",
    title="Discord",
    config=DiscordConfig,
    notifier=DiscordNotifier,
    docs="docs/services/discord.md",
    escape=escape,
)
