"""Messages in a person's own words: what is kept of them, and the fields they may name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metarr_desktop.domain.text import Text

if TYPE_CHECKING:
    from metarr_desktop.domain.events import EventKind

LONGEST_TITLE, LONGEST_BODY = 500, 4_000
"""Characters of a template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTemplate:
    """How a service words one kind of event; a line that is empty is worded as without a template."""

    service: str
    event: EventKind
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class TemplateField:
    """A field of a template, and what stands in its place."""

    name: str
    meaning: Text


FIELDS = (
    TemplateField("heading", Text("The title line as it is without a template")),
    TemplateField("text", Text("The message as it is without a template")),
    TemplateField("title", Text("Film, series, artist or author; of a notice what it is about")),
    TemplateField("year", Text("Year")),
    TemplateField("quality", Text("Quality, such as Bluray-1080p")),
    TemplateField("season", Text("Number of the season")),
    TemplateField("episode", Text("Number of the first episode")),
    TemplateField("episodes", Text("Numbers of all episodes")),
    TemplateField("code", Text("Season and episodes, such as S02E03")),
    TemplateField("episode_title", Text("Title of the episode")),
    TemplateField("album", Text("Album or book")),
    TemplateField("artist", Text("Artist or author")),
    TemplateField("overview", Text("What it is about")),
    TemplateField("tags", Text("Tags at the sender")),
    TemplateField("folder", Text("Folder, as this service sees it")),
    TemplateField("files", Text("How many files")),
    TemplateField("count", Text("How many events this message tells of")),
    TemplateField("kind", Text("movie, episode, album or book; empty for a notice")),
    TemplateField("event", Text("The kind of event, such as downloaded")),
    TemplateField("sender", Text("Name of the sender, such as Radarr 4K")),
    TemplateField("source", Text("Type of the sender, such as radarr")),
    TemplateField("message", Text("What a notice says")),
    TemplateField("subject", Text("What a notice is about")),
    TemplateField("level", Text("Of a notice: ok, notice, warning or error")),
    TemplateField("link", Text("Address of a page about it")),
    TemplateField("poster", Text("Address of its poster")),
    TemplateField("tmdb_id", Text("Its number at TMDB")),
    TemplateField("imdb_id", Text("Its number at IMDb")),
    TemplateField("tvdb_id", Text("Its number at TheTVDB")),
)
