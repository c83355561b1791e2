"""A webhook of one's own: what happened, posted to an address as JSON, a form or text."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from pydantic import Field, SecretStr, field_validator

from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.answer import refusal
from metarr_desktop.services.connection_trial import try_connection
from metarr_desktop.services.declaration import Delivery, MessageConfig, Service
from metarr_desktop.services.event_document import document, flat, plain_words
from metarr_desktop.services.http import INTERNET, LAN
from metarr_desktop.services.installation import installation_id
from metarr_desktop.services.nearness import is_near
from metarr_desktop.services.notifier import Notifier
from metarr_desktop.services.trial import Trial

if TYPE_CHECKING:
    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.declaration import TestStep

ADDRESS = Text("Enter a whole address that begins with http:// or https://.")
NO_LOGIN = Text("Leave user name and password out of the address: they have fields of their own.")
OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "idempotency-key"})
LONGEST_ADDRESS = 4000
MOST_HEADERS = 50
SHORTEST_SECRET = 4
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}")


class WebhookConfig(MessageConfig):
    """Settings of one address. It may hold a token, and so may the headers: both are secrets."""

    url: Annotated[
        SecretStr,
        Field(
            title="Address",
            description="Where it is sent; the whole address is kept in the keyring.",
        ),
    ]
    method: Annotated[Literal["POST", "PUT"], Field(title="Method")] = "POST"
    content: Annotated[
        Literal["json", "form", "text"],
        Field(
            title="Content",
            description="How it is written: all fields as JSON or as a form, or only the words.",
            json_schema_extra={"labels": {"json": "JSON", "form": "Form", "text": "Text"}},
        ),
    ] = "json"
    headers: Annotated[
        SecretStr,
        Field(
            title="Headers",
            description="One on each line, such as X-Token: secret. Kept in the keyring.",
            json_schema_extra={"multiline": True},
        ),
    ] = SecretStr("")
    username: Annotated[
        str,
        Field(title="User name", max_length=200, description="For a log-in by Basic; empty means none."),
    ] = ""
    password: Annotated[SecretStr, Field(title="Password")] = SecretStr("")

    @field_validator("url")
    @classmethod
    def _is_address(cls, value: SecretStr) -> SecretStr:
        return SecretStr(normal_url(value.get_secret_value()))

    @field_validator("headers")
    @classmethod
    def _are_headers(cls, value: SecretStr) -> SecretStr:
        read_headers(value.get_secret_value())
        return value

    @field_validator("username")
    @classmethod
    def _can_be_sent(cls, value: str) -> str:
        if ":" in value or not value.isprintable():
            raise ValueError(Text("A user name has no colon and no control characters."))
        return value


def normal_url(typed: str) -> str:
    """Return an address as it is called. Raises ValueError with a Text."""
    trimmed = typed.strip()
    try:
        parts = urlsplit(trimmed)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(ADDRESS) from None
    plain = trimmed.isprintable() and len(trimmed.split()) == 1 and len(trimmed) <= LONGEST_ADDRESS
    if parts.scheme.lower() not in {"http", "https"} or not host or not plain or "\\" in trimmed:
        raise ValueError(ADDRESS)
    if "@" in parts.netloc:
        raise ValueError(NO_LOGIN)
    return parts._replace(fragment="").geturl()


def read_headers(typed: str) -> dict[str, str]:
    """Read ``Name: value`` lines. Raises ValueError with a Text."""
    found: dict[str, str] = {}
    for number, line in enumerate(typed.splitlines(), start=1):
        if not line.strip():
            continue
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not colon or not _NAME.fullmatch(name) or not value.isprintable():
            raise ValueError(text("Line {n} is no header. Write it as Name: value.", n=number))
        if name.lower() in OURS:
            raise ValueError(text("The header {name} is set by Metarr Desktop.", name=name))
        found[name] = value
    if len(found) > MOST_HEADERS:
        raise ValueError(text("At most {most} headers are possible.", most=MOST_HEADERS))
    return found


class WebhookNotifier(Notifier[WebhookConfig]):
    """Posts each event once; a repeated try carries the same ``Idempotency-Key``."""

    async def send(self, config: WebhookConfig, notification: Notification) -> Delivery:
        """Send, and take every 2xx as a yes; redirects are not followed."""
        url = config.url.get_secret_value()
        content_type, body = _body(config, notification)
        headers = {
            "Content-Type": content_type,
            "Idempotency-Key": await self._key(notification),
            **_log_in(config),
            **read_headers(config.headers.get_secret_value()),
        }
        answer = await self.http.request(
            config.method,
            url,
            reach=LAN if is_near(urlsplit(url).hostname or "") else INTERNET,
            headers=headers,
            body=body,
            secrets=secrets_of(config),
        )
        if not answer.ok:
            raise refusal(answer, now=self.clock.now())
        return Delivery(detail=text("Accepted with HTTP {code}.", code=answer.status))

    async def test(self, config: WebhookConfig) -> list[TestStep]:
        """Connect and hang up: whatever were sent could have an effect."""
        parts = urlsplit(config.url.get_secret_value())

        async def connect() -> Text:
            await try_connection(
                parts.hostname or "",
                port=parts.port or (443 if parts.scheme == "https" else 80),
                tls=parts.scheme == "https",
            )
            return text(
                "{host} takes connections. Only a test message shows whether it takes the rest.",
                host=parts.hostname or "",
            )

        trial = Trial(clock=self.clock)
        await trial.step("Connection", connect)
        return trial.steps

    async def _key(self, notification: Notification) -> str:
        identity = await installation_id(self.notes, clock=self.clock)
        if notification.job_id:
            return f"metarr-{identity}-{notification.job_id}"
        return f"metarr-{identity}-test-{self.clock.now():%Y%m%dT%H%M%S%f}"


def secrets_of(config: WebhookConfig) -> tuple[str, ...]:
    """What no text may show: the address and its parts, the values of headers, the log-in."""
    url = config.url.get_secret_value()
    parts = urlsplit(url)
    behind = parts._replace(scheme="", netloc="").geturl()
    pieces = [*parts.path.split("/"), *(value for _, value in parse_qsl(parts.query)), parts.query]
    password = config.password.get_secret_value()
    values = read_headers(config.headers.get_secret_value()).values()
    words = [word for value in values for word in (value, *value.split())]
    found = (url, behind, *pieces, *words, password, *_log_in(config).values())
    return tuple(each for each in found if len(each) >= SHORTEST_SECRET or each == password)


def _log_in(config: WebhookConfig) -> dict[str, str]:
    password = config.password.get_secret_value()
    if not (config.username or password):
        return {}
    both = base64.b64encode(f"{config.username}:{password}".encode()).decode()
    return {"Authorization": f"Basic {both}"}


def _body(config: WebhookConfig, notification: Notification) -> tuple[str, bytes]:
    match config.content:
        case "json":
            written = json.dumps(document(notification), ensure_ascii=False, separators=(",", ":"))
            return "application/json", written.encode("utf-8", "replace")
        case "form":
            fields = urlencode(flat(document(notification)), encoding="utf-8", errors="replace")
            return "application/x-www-form-urlencoded", fields.encode()
        case "text":
            return "text/plain; charset=utf-8", plain_words(notification).encode("utf-8", "replace")


SERVICE = Service(
    key="webhook",
    title="Webhook",
    config=WebhookConfig,
    notifier=WebhookNotifier,
    docs="docs/services/webhook.md",
)
