"""Apprise: more than a hundred other services, each by an address of its own. An optional extra."""

from __future__ import annotations

import asyncio
import hashlib
import re
from functools import partial
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, SecretStr, field_validator

from metarr_desktop.domain.errors import NotSetUp, Transient
from metarr_desktop.domain.retry import RetryPolicy
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.apprise_call import Told, call
from metarr_desktop.services.daemon_thread import in_daemon_thread
from metarr_desktop.services.declaration import Delivery, MessageConfig, Service
from metarr_desktop.services.installation import installation_id
from metarr_desktop.services.notifier import Notifier
from metarr_desktop.services.trial import Trial
from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.declaration import TestStep

ONE_S = 60.0
MOST_URLS = 20
LONGEST_TITLE = 250
LONGEST_BODY = 10_000
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,40}://\S+")


class AppriseConfig(MessageConfig):
    """Settings of Apprise; its addresses hold keys and passwords."""

    urls: Annotated[
        SecretStr,
        Field(
            title="Addresses",
            description="Apprise addresses, one on each line, such as ntfy://my-topic. Kept in the keyring.",
            json_schema_extra={"multiline": True},
        ),
    ]

    @field_validator("urls")
    @classmethod
    def _are_addresses(cls, value: SecretStr) -> SecretStr:
        read_urls(value.get_secret_value())
        return value


def read_urls(typed: str) -> tuple[str, ...]:
    """Read one address from each line; a # begins a remark. Raises ValueError with a Text."""
    found: dict[str, None] = {}
    for number, line in enumerate(typed.splitlines(), start=1):
        url = line.strip()
        if not url or url.startswith("#"):
            continue
        if not _ADDRESS.fullmatch(url) or not url.isprintable():
            raise ValueError(text("Line {n} is no Apprise address, such as ntfy://my-topic.", n=number))
        found[url] = None
    if not found:
        raise ValueError(Text("Enter an Apprise address, such as ntfy://my-topic."))
    if len(found) > MOST_URLS:
        raise ValueError(text("At most {most} addresses are possible.", most=MOST_URLS))
    return tuple(found)


class AppriseNotifier(Notifier[AppriseConfig]):
    """Hands each message to all addresses, and again only to those that did not take it."""

    async def send(self, config: AppriseConfig, notification: Notification) -> Delivery:
        """Send to all at once; Apprise says no more than yes or no, and why in its log."""
        note = f"job-{notification.job_id}"
        before = (await self.notes.get(note) or {}) if notification.job_id else {}
        had, marks = set(before.get("had", ())), await self._marks(config)
        rest = [url for url, mark in marks.items() if mark not in had]
        title, body = _words(notification)
        results = dict(
            zip(
                rest,
                await asyncio.gather(*(_told(url, title=title, body=body) for url in rest)),
                strict=True,
            )
        )
        failed = {url: told for url, told in results.items() if not told.ok}
        if failed:
            taken = had | {marks[url] for url in rest if url not in failed}
            if notification.job_id and taken:
                await self.notes.put(note, {"had": sorted(taken)})
            raise _refusal(failed, urls=tuple(marks))
        if before:
            await self.notes.drop(note)
        services = ", ".join(sorted({told.service for told in results.values()})) or "Apprise"
        return Delivery(detail=text("Sent through Apprise to {services}.", services=services))

    async def test(self, config: AppriseConfig) -> list[TestStep]:
        """Have Apprise read every address; nothing is sent, for it can ask nobody without sending."""
        urls = read_urls(config.urls.get_secret_value())

        async def read() -> Text:
            names = []
            for url in urls:
                look = partial(call, url, title="", body="", only_look=True)
                told = await in_daemon_thread(look, name="apprise")
                if not told.service:
                    raise _unknown({url: told}, urls=urls)
                names.append(told.service)
            return text(
                "Apprise understands {n} address(es): {services}."
                " Only a test message shows whether they work.",
                n=len(urls),
                services=", ".join(names),
            )

        trial = Trial(clock=self.clock)
        await trial.step("Addresses", read)
        return trial.steps

    async def _marks(self, config: AppriseConfig) -> dict[str, str]:
        """Return a mark for each address that says nothing about it."""
        salt = (await installation_id(self.notes, clock=self.clock)).encode()
        urls = read_urls(config.urls.get_secret_value())
        return {url: hashlib.sha256(salt + url.encode()).hexdigest()[:24] for url in urls}


async def _told(url: str, *, title: str, body: str) -> Told:
    try:
        async with asyncio.timeout(ONE_S):
            return await in_daemon_thread(partial(call, url, title=title, body=body), name="apprise")
    except TimeoutError:
        return Told(ok=False, service="Apprise", reason=f"no answer within {ONE_S:g} s")


def _words(notification: Notification) -> tuple[str, str]:
    title = cut(clean(notification.title), LONGEST_TITLE)
    body = cut(clean(notification.body, lines=True), LONGEST_BODY)
    parts = tuple(filter(None, (body, clean(notification.link or ""))))
    return title, "\n\n".join(parts) or title or "Metarr Desktop"


def _refusal(failed: Mapping[str, Told], *, urls: tuple[str, ...]) -> Transient | NotSetUp:
    passing = {url: told for url, told in failed.items() if told.service}
    if not passing:
        return _unknown(failed, urls=urls)
    listed = "; ".join(
        f"{told.service} (address {urls.index(url) + 1}): {told.reason or 'no reason given'}"
        for url, told in passing.items()
    )
    return Transient(text("Apprise could not deliver to {detail}", detail=listed))


def _unknown(failed: Mapping[str, Told], *, urls: tuple[str, ...]) -> NotSetUp:
    places = ", ".join(str(urls.index(url) + 1) for url in failed)
    return NotSetUp(
        text("Apprise does not understand address {places}. Check it in the settings.", places=places)
    )


SERVICE = Service(
    key="apprise",
    title="Apprise",
    config=AppriseConfig,
    notifier=AppriseNotifier,
    docs="docs/services/apprise.md",
    # It cannot tell a wrong key from a server that is down.
    retry=RetryPolicy(max_retries=2),
)
