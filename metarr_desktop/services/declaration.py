"""What a service declares once, and what everything else derives from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from metarr_desktop.domain.retry import RetryPolicy

if TYPE_CHECKING:
    from datetime import timedelta

    from metarr_desktop.domain.text import Text
    from metarr_desktop.services.notifier import Notifier


class ServiceConfig(BaseModel):
    """Base of every service's settings; ``SecretStr`` fields live in the keyring only.

    A checker is built when it is first used, for few people use every service.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, defer_build=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What the service answered to a message it took."""

    detail: Text
    message_id: str | None = None
    warnings: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TestStep:
    """One line of a connection test; ``ms`` is how long it took."""

    __test__ = False

    name: Text
    ok: bool
    detail: Text
    ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A place we notify.

    ``lane`` defaults to the key; ``concurrency`` is how many of its jobs run at once. With
    ``waits_for_scan`` its jobs wait for the first attempt of the film's scan. With a ``merge_window`` one
    request does for a folder: what comes for the same folder while one runs, or so soon after, goes together.
    ``docs`` is the page in the repository.
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

    @property
    def lane(self) -> str:
        """Name of the lane that bounds and pauses this service's jobs."""
        return self.key

    @property
    def sends_messages(self) -> bool:
        """Whether it tells people something, and does not refresh a library."""
        return not self.waits_for_scan

    @property
    def job_type(self) -> str:
        """Type of the jobs that notify this service."""
        return f"notify-{self.key}"
