"""What a service declares once, and what everything else derives from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from metarr_desktop.domain.errors import Refused
from metarr_desktop.domain.events import EventKind
from metarr_desktop.domain.quiet_hours import QuietHours
from metarr_desktop.domain.retry import RetryPolicy
from metarr_desktop.domain.routing import EventChoice

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from metarr_desktop.domain.text import Text
    from metarr_desktop.services.finding import Finder
    from metarr_desktop.services.notifier import Notifier
    from metarr_desktop.services.sign_in import SignIn


class ServiceConfig(BaseModel):
    """Base of every service's settings; ``SecretStr`` fields live in the keyring only.

    A checker is built when it is first used, for few people use every service.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, defer_build=True)


class RecipientConfig(ServiceConfig):
    """What can be said of whatever is notified."""

    optional: Annotated[
        bool,
        Field(
            title="Optional",
            description="Its failures are shown, but raise no alarm.",
            json_schema_extra={"advanced": True},
        ),
    ] = False


class MessageConfig(RecipientConfig):
    """Base of the settings of what people read."""

    quiet_hours: Annotated[
        str,
        Field(
            title="Quiet hours",
            description="No messages in this time; they come when it is over. Such as 22:00-07:30.",
            json_schema_extra={"advanced": True, "placeholder": "22:00-07:30"},
        ),
    ] = ""
    quiet_breaks: Annotated[
        bool,
        Field(
            title="Problems are told at once",
            description="Also in quiet hours: what failed, and what needs a decision.",
            json_schema_extra={"advanced": True},
        ),
    ] = True
    digest: Annotated[
        bool,
        Field(
            title="One message in the morning",
            description="What waited for the end of quiet hours comes as one list.",
            json_schema_extra={"advanced": True},
        ),
    ] = False

    @field_validator("quiet_hours")
    @classmethod
    def _is_a_time(cls, value: str) -> str:
        try:
            hours = QuietHours.parse(value) if value else None
        except Refused as error:
            raise ValueError(error.text) from None
        return "" if hours is None else str(hours)


class MediaServerConfig(RecipientConfig):
    """Base of the settings of a server with a library."""

    confirm: Annotated[
        bool,
        Field(
            title="See whether it arrived",
            description="Looks for the film or episode after the refresh, and says so if it does not come.",
            json_schema_extra={"advanced": True},
        ),
    ] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One place of a service that may have several, such as a player; ``config`` is whole for this one."""

    id: int
    name: str
    config: ServiceConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The places of a service that share one library, in the order in which they are tried."""

    name: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What the service answered to a message it took."""

    detail: Text
    message_id: str | None = None
    warnings: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TestStep:
    """One line of a connection test; ``ms`` is how long it took. ``silent`` is one that nobody answered."""

    __test__ = False

    name: Text
    ok: bool
    detail: Text
    ms: int = 0
    silent: bool = False


def confirms(config: ServiceConfig | Group) -> bool:
    """Whether a person wants to know if what a server was told of arrived there."""
    if isinstance(config, Group):
        return any(confirms(member.config) for member in config.members)
    return isinstance(config, MediaServerConfig) and config.confirm


MESSAGES = EventChoice(
    takes=frozenset(EventKind),
    default=frozenset({EventKind.DOWNLOADED, EventKind.UPGRADED, EventKind.INTERACTION, EventKind.FAILED}),
)
"""What is fit for people: everything can be told, and by itself only what they wait for or must mend."""

LOOKS_AT_FOLDERS = frozenset(
    {
        EventKind.DOWNLOADED,
        EventKind.UPGRADED,
        EventKind.RENAMED,
        EventKind.DELETED,
        EventKind.SCANNED,
    }
)
REFRESHES = EventChoice(takes=LOOKS_AT_FOLDERS, default=LOOKS_AT_FOLDERS)
"""What changes the library of a media server."""


def as_it_is(words: str) -> str:
    """Escape nothing: the service shows plain words."""
    return words


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A place we notify.

    ``lane`` defaults to the key; ``concurrency`` is how many of its jobs run at once. With
    ``waits_for_scan`` its jobs wait for the first attempt of the film's scan. With a ``merge_window`` one
    request does for a folder: what comes for the same folder while one runs, or so soon after, goes together.
    ``events`` are the kinds it can be told, and those it is told by itself. A media server is looked at for
    ``seen_within`` so long after a refresh, until what came is there. With ``member`` it has several places:
    the fields of that class, which ``config`` has too, are each place's own. ``escape`` makes a value mean
    nothing but itself in the service's own markup. ``loads`` are the fields whose choices it can be asked
    for. A ``finder`` looks for it on the network, and a ``sign_in`` fetches its secrets where a person
    agrees. ``docs`` is the page in the repository.
    """

    key: str
    title: str
    config: type[ServiceConfig]
    notifier: type[Notifier[Any]]
    docs: str
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    concurrency: int = 1
    waits_for_scan: bool = False
    merge_window: timedelta | None = None
    seen_within: timedelta | None = None
    member: type[ServiceConfig] | None = None
    finder: Finder | None = None
    sign_in: SignIn | None = None
    events: EventChoice = MESSAGES
    escape: Callable[[str], str] = as_it_is
    loads: tuple[str, ...] = ()

    @property
    def sends_messages(self) -> bool:
        """Whether people read what it is told; else it is a media server that looks at folders."""
        return not self.waits_for_scan

    @property
    def lane(self) -> str:
        """Name of the lane that bounds and pauses this service's jobs."""
        return self.key

    @property
    def job_type(self) -> str:
        """Type of the jobs that notify this service."""
        return f"notify-{self.key}"

    @property
    def confirm_type(self) -> str:
        """Type of the jobs that look whether what it was told of arrived there."""
        return f"confirm-{self.key}"
