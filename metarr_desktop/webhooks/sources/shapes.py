"""Shapes that the bodies of several senders share, and how a body is read into one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
)

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.text import Text, text
from metarr_desktop.webhooks.sources.wording import MAX_NAME, line

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST = 2**63 - 1
NO_OTHER_WORDS: Mapping[str, str] = {}
MOST_ITEMS = 300
"""So much of a list is looked at: more than any event carries on, and little enough for a hostile body."""
WHAT_FITS = "what fits"
"""Context in which a field of a wrong type is as good as missing."""


def _known_number(value: object) -> int | None:
    return value if isinstance(value, int) and value is not True and 0 < value <= LARGEST else None


def _first(value: object, info: ValidationInfo) -> object:
    """Cut a list of objects short; where all that matters is what fits, drop what is no object."""
    if not isinstance(value, list):
        return value
    items = value[:MOST_ITEMS]
    return [each for each in items if isinstance(each, dict)] if info.context == WHAT_FITS else items


def _words(value: object) -> list[str]:
    return [each for each in value[:MOST_ITEMS] if isinstance(each, str)] if isinstance(value, list) else []


def _files(value: object) -> list[dict[str, str]]:
    listed = value[:MOST_ITEMS] if isinstance(value, list) else []
    return [
        {name: item for name, item in each.items() if isinstance(item, str)}
        for each in listed
        if isinstance(each, dict)
    ]


class Shape(BaseModel):
    """Base of what we read of a body: exact types, the rest ignored. Its checker is built late."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, defer_build=True)

    @field_validator("*", mode="wrap")
    @classmethod
    def _or_nothing(cls, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:  # noqa: ANN401 - any JSON value
        """Take a field of a wrong type for missing, where all that matters is what fits."""
        try:
            return handler(value)
        except ValidationError:
            if info.context == WHAT_FITS:
                return None
            raise


AnyItem = TypeVar("AnyItem", bound=Shape)
Some = Annotated[list[AnyItem], BeforeValidator(_first)]
"""A list of which only so much is looked at."""
Number = Annotated[int, Field(ge=-(2**63), le=LARGEST)]
SenderId = Annotated[int | None, BeforeValidator(_known_number)]
"""The sender's own number of something; None where it is 0 or no number: no event fails for it."""
Words = Annotated[list[str], BeforeValidator(_words)]
"""Labels or sentences; what is no text is left out."""


class Image(Shape):
    """A picture; only ``remote_url`` can be fetched without the sender's own key."""

    cover_type: str | None = Field(default=None, alias="coverType")
    remote_url: str | None = Field(default=None, alias="remoteUrl")


class MediaFile(Shape):
    """A file. Of an import its full ``path`` is not used: old senders put the download folder there."""

    relative_path: str | None = Field(default=None, alias="relativePath")
    path: str | None = None
    quality: str | None = None


OldFiles = Annotated[list[MediaFile], BeforeValidator(_files)]
"""Files that were replaced; what is no file is left out."""


class RenamedFile(MediaFile):
    """A file under its new name, and what it was called before; Lidarr gives full paths only."""

    previous_relative_path: str | None = Field(default=None, alias="previousRelativePath")
    previous_path: str | None = Field(default=None, alias="previousPath")


class Release(Shape):
    """What was grabbed."""

    quality: str | None = None
    release_title: str | None = Field(default=None, alias="releaseTitle")


AnyShape = TypeVar("AnyShape", bound=Shape)


def read(
    shape: type[AnyShape],
    body: Mapping[str, Any],
    *,
    sender: str,
    words: Mapping[str, str] = NO_OTHER_WORDS,
) -> AnyShape:
    """Read the body into a shape; raises Permanent that names the first field of a wrong type.

    ``words`` is how this sender calls what the shape has other names for.
    """
    try:
        return shape.model_validate(dict(body))
    except ValidationError as error:
        steps = error.errors(include_url=False, include_input=False)[0]["loc"]
        field = ".".join(words.get(str(step), str(step)) for step in steps)
        raise Permanent(
            text(
                "{source} sent {field} in a form that Metarr Desktop does not understand.",
                source=sender,
                field=field,
            )
        ) from error


def read_what_fits(shape: type[AnyShape], body: Mapping[str, Any]) -> AnyShape:
    """Read the body into a shape whose fields may all be missing; what has a wrong type is left out."""
    return shape.model_validate(dict(body), context=WHAT_FITS)


def event_name(body: Mapping[str, Any], *, sender: str, key: str = "eventType") -> str:
    """Return the event's name as sent, fit to be shown."""
    name = body.get(key)
    if not isinstance(name, str):
        raise Permanent(text("{source} did not name the event.", source=sender))
    return line(name, limit=MAX_NAME)


def unknown(event: str) -> Text:
    """Say that an event of this name leads to no work."""
    return text("Metarr Desktop does nothing for {event}.", event=event)
