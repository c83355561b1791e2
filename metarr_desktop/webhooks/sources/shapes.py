"""Shapes that the bodies of several senders share, and how a body is read into one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.text import Text, text
from metarr_desktop.webhooks.sources.wording import MAX_NAME, line

if TYPE_CHECKING:
    from collections.abc import Mapping

DOWNLOAD = "download"
"""Every import of every sender, upgrades included, has this event type."""


class Shape(BaseModel):
    """Base of what we read of a body: exact types, the rest ignored. Its checker is built late."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, defer_build=True)


Number = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]


class Image(Shape):
    """A picture; only ``remote_url`` can be fetched without the sender's own key."""

    cover_type: str | None = Field(default=None, alias="coverType")
    remote_url: str | None = Field(default=None, alias="remoteUrl")


class MediaFile(Shape):
    """An imported file. Its full ``path`` is not read: old senders put the download folder there."""

    relative_path: str | None = Field(default=None, alias="relativePath")
    quality: str | None = None


AnyShape = TypeVar("AnyShape", bound=Shape)


def read(shape: type[AnyShape], body: Mapping[str, Any], *, sender: str) -> AnyShape:
    """Read the body into a shape; raises Permanent that names the first field of a wrong type."""
    try:
        return shape.model_validate(dict(body))
    except ValidationError as error:
        steps = error.errors(include_url=False, include_input=False)[0]["loc"]
        field = ".".join(str(step) for step in steps)
        raise Permanent(
            text(
                "{source} sent {field} in a form that Metarr Desktop does not understand.",
                source=sender,
                field=field,
            )
        ) from error


def read_leniently(shape: type[AnyShape], body: Mapping[str, Any]) -> AnyShape | None:
    """Read the body into a shape, or return None where it does not fit."""
    try:
        return shape.model_validate(dict(body))
    except ValidationError:
        return None


def event_name(body: Mapping[str, Any], *, sender: str) -> str:
    """Return the event's name as sent, fit to be shown."""
    name = body.get("eventType")
    if not isinstance(name, str):
        raise Permanent(text("{source} did not name the event.", source=sender))
    return line(name, limit=MAX_NAME)


def reason_for(event: str, reasons: Mapping[str, str], *, sender: str) -> Text:
    """Say in plain words why this event leads to no work; ``reasons`` goes by lower-case event."""
    template = reasons.get(event.casefold())
    if template is None:
        return text("Metarr Desktop does nothing for {event}.", event=event)
    return text(template, source=sender)


COMMON_REASONS = {
    "test": "A test from {source}: nothing to do.",
    "grab": "Grabbed: nothing to do until it is imported.",
    "rename": "{source} renamed files: nothing to do.",
    "health": "{source} reports on its own health: nothing to do.",
    "healthrestored": "{source} is well again: nothing to do.",
    "applicationupdate": "{source} was updated: nothing to do.",
    "manualinteractionrequired": "{source} waits for somebody to look at a download: nothing to do here.",
}
"""Reasons that hold for every sender of this family."""
