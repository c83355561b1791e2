"""E-mail, through the mail server of a provider or of one's own. See RFC 5321 and RFC 6409."""

from __future__ import annotations

import asyncio
import html
from datetime import timedelta
from email.utils import make_msgid
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, SecretStr, field_validator

from metarr_desktop.domain.errors import Permanent, Transient
from metarr_desktop.domain.retry import RetryPolicy
from metarr_desktop.domain.text import Text, text
from metarr_desktop.domain.web_address import normal_host
from metarr_desktop.services.declaration import Delivery, MessageConfig, Service
from metarr_desktop.services.email_addresses import mailbox, mailboxes
from metarr_desktop.services.installation import installation_id
from metarr_desktop.services.notifier import Notifier
from metarr_desktop.services.poster import fetch_poster
from metarr_desktop.services.smtp import Conversation
from metarr_desktop.services.trial import Trial
from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.declaration import TestStep
    from metarr_desktop.services.smtp import Taken
    from metarr_desktop.services.smtp_failure import Refusal

WHOLE_S = 150.0
TEST_S = 6.0
LONGEST_SAID = 200
WORDS = 1_000_000
"""So many bytes are kept free beside a poster, which grows by a third on its way."""


class EmailConfig(MessageConfig):
    """Settings of one mail account and of who gets its messages."""

    host: Annotated[
        str,
        Field(
            title="Mail server",
            description="The provider's server for outgoing mail (SMTP).",
            max_length=253,
            json_schema_extra={"placeholder": "smtp.example.org"},
        ),
    ]
    port: Annotated[
        int,
        Field(title="Port", description="Usually 587 with STARTTLS, 465 with TLS.", ge=1, le=65535),
    ] = 587
    security: Annotated[
        Literal["starttls", "tls", "none"],
        Field(
            title="Encryption",
            description="With none, everybody in between can read along: only for a server of your own.",
            json_schema_extra={"labels": {"starttls": "STARTTLS", "tls": "TLS", "none": "None"}},
        ),
    ] = "starttls"
    username: Annotated[
        str, Field(title="User name", max_length=200, description="Empty where the server asks for none.")
    ] = ""
    password: Annotated[
        SecretStr,
        Field(title="Password", description="Gmail and some others want an app password here."),
    ] = SecretStr("")
    sender: Annotated[
        str,
        Field(
            title="From",
            max_length=300,
            description="The address messages come from; a name may stand before it.",
            json_schema_extra={"placeholder": "Metarr <metarr@example.org>"},
        ),
    ]
    recipients: Annotated[
        str,
        Field(
            title="To",
            max_length=5000,
            description="Who gets the messages; several with commas between them.",
            json_schema_extra={"placeholder": "anna@example.org, ben@example.org"},
        ),
    ]
    poster: Annotated[
        bool,
        Field(
            title="Send the poster",
            description="It is fetched from TMDB, TheTVDB and the like, and goes along with the message.",
            json_schema_extra={"advanced": True},
        ),
    ] = True
    insecure: Annotated[
        bool,
        Field(
            title="Log in without encryption",
            description="The password then goes through the network in clear.",
            json_schema_extra={"advanced": True},
        ),
    ] = False

    @field_validator("host")
    @classmethod
    def _is_host(cls, value: str) -> str:
        return normal_host(value)

    @field_validator("username")
    @classmethod
    def _is_one_line(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError(Text("A user name has no line ends or control characters."))
        return value

    @field_validator("sender")
    @classmethod
    def _is_address(cls, value: str) -> str:
        mailbox(value)
        return value

    @field_validator("recipients")
    @classmethod
    def _are_addresses(cls, value: str) -> str:
        mailboxes(value)
        return value


class EmailNotifier(Notifier[EmailConfig]):
    """Sends one message to all recipients, and again only to those who could not have it yet."""

    async def send(self, config: EmailConfig, notification: Notification) -> Delivery:
        """Send, and remember whom a passing refusal kept from it, so that nobody has it twice."""
        note = f"job-{notification.job_id}"
        before: Mapping[str, Any] = (await self.notes.get(note) or {}) if notification.job_id else {}
        everybody = {each.address: each for each in mailboxes(config.recipients)}
        had = set(before.get("had", ())) & set(everybody)
        lost = {address: said for address, said in before.get("lost", {}).items() if address in everybody}
        rest = [address for address in everybody if address not in had and address not in lost]
        if rest:
            taken = await self._hand_over(config, notification, to=rest)
            had |= set(rest) - set(taken.refused)
            lost |= {at: each.said for at, each in taken.refused.items() if not each.passing}
            if later := {at: each for at, each in taken.refused.items() if each.passing}:
                if notification.job_id:
                    await self.notes.put(note, {"had": sorted(had), "lost": lost})
                raise _not_yet(later, had=had)
            said = cut(clean(taken.said), LONGEST_SAID)
        else:
            said = ""
        if before:
            await self.notes.drop(note)
        if not had:
            raise Permanent(text("The mail server refused every recipient: {detail}", detail=_listed(lost)))
        return Delivery(
            detail=text("Accepted by {host} for {n} recipient(s).", host=config.host, n=len(had)),
            message_id=said or None,
            warnings=tuple(
                text("{address} was refused: {detail}", address=address, detail=detail)
                for address, detail in lost.items()
            ),
        )

    async def test(self, config: EmailConfig) -> list[TestStep]:
        """Connect, log in, ask for nothing and hang up: no message is sent."""
        trial = Trial(clock=self.clock)
        # Short enough that a wrong port is told by what it means, and not by the end of the test.
        conversation = Conversation(config, connect_s=TEST_S, answer_s=TEST_S)

        async def connect() -> Text:
            await conversation.open()
            if config.security == "none":
                return text("Connected to {host} in {ms} ms, without encryption.", host=config.host)
            return text("Connected to {host} in {ms} ms, encrypted.", host=config.host)

        async def log_in() -> Text:
            await conversation.log_in()
            return text("Logged in as {user}.", user=config.username)

        async def answer() -> Text:
            await conversation.still_there()
            return Text("The server is ready. No message was sent.")

        try:
            await trial.step("Connection", connect)
            if config.username:
                await trial.step("Log-in", log_in)
            await trial.step("Server", answer)
        finally:
            await conversation.close()
        return trial.steps

    async def _hand_over(self, config: EmailConfig, notification: Notification, *, to: list[str]) -> Taken:
        from metarr_desktop.services.email_message import message  # noqa: PLC0415 - few people send e-mail

        sender = mailbox(config.sender)
        made = partial(
            message,
            notification,
            sender=sender,
            recipients=mailboxes(config.recipients),
            message_id=await self._message_id(notification, domain=sender.domain),
            sent_at=self.clock.now(),
        )
        url = notification.event.poster_url if config.poster else None
        poster = await fetch_poster(self.http, url, part="poster")
        conversation = Conversation(config)
        try:
            async with asyncio.timeout(WHOLE_S):
                await conversation.open()
                if config.username:
                    await conversation.log_in()
                if poster is not None and not conversation.has_room(WORDS + len(poster.content) * 3 // 2):
                    poster = None
                return await conversation.send(made(poster=poster), sender=sender.address, recipients=to)
        except TimeoutError:
            raise Transient("The mail server did not answer in time.") from None
        finally:
            await conversation.close()

    async def _message_id(self, notification: Notification, *, domain: str) -> str:
        """Return the same for every try of a job, by which many servers drop a second copy."""
        if not notification.job_id:
            return make_msgid(domain=domain)
        identity = await installation_id(self.notes, clock=self.clock)
        return f"<metarr.{identity}.{notification.job_id}@{domain}>"


def _not_yet(later: Mapping[str, Refusal], *, had: set[str]) -> Transient:
    listed = _listed({address: refusal.said for address, refusal in later.items()})
    if had:
        return Transient(
            text("Sent to {had}, but not yet to {detail}", had=", ".join(sorted(had)), detail=listed)
        )
    return Transient(text("The mail server is not ready: {detail}", detail=listed))


def _listed(refused: Mapping[str, str]) -> str:
    return "; ".join(f"{address}: {said}" for address, said in refused.items())


SERVICE = Service(
    key="email",
    title="Email",
    config=EmailConfig,
    notifier=EmailNotifier,
    docs="docs/services/email.md",
    escape=html.escape,
    # A server that does not know us yet wants minutes, not seconds.
    retry=RetryPolicy(delays=(timedelta(seconds=60), timedelta(seconds=300), timedelta(seconds=900))),
)
