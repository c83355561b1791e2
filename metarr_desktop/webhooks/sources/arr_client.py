"""The interface of Radarr and its siblings: every call of ours, and a sentence for each way it can fail."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from metarr_desktop.domain.clock import iso
from metarr_desktop.domain.errors import AuthFailed, MetarrError, Permanent, Transient
from metarr_desktop.domain.media import KnownFilm
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.answer import TooLarge, refusal
from metarr_desktop.services.http import LAN
from metarr_desktop.webhooks.sources.history import date_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.services.answer import Answer
    from metarr_desktop.services.http import Http
    from metarr_desktop.webhooks.sources.arr import ArrConfig, ArrInterface

TESTING_S = 115.0
"""A webhook is tested inside the call that makes it, and the sender gives our answer 100 s."""
READING_S = 60.0
LARGEST_HISTORY = 16 * 1024**2
LARGEST_LIST = 64 * 1024**2
MOST_FILMS = 20_000
PAGE, MOST_PAGES = 100, 500
IMPORTED = 3
"""The number of the event that is an import; all of the family count alike."""
WRONG_KEY = Text("Wrong API key.")
WEBHOOK = "Webhook"
HEALTH_CHECK = "NotificationStatusCheck"
_COLONS, _COMMAS = re.compile("[:\uff1a]"), re.compile("[,\uff0c\u3001]")


class WrongProgram(Permanent):
    """Something else answers there."""


class Refusal(Permanent):
    """The program does not take what it was given; ``unreachable`` where its test did not reach us."""

    def __init__(self, message: Text | str, *, unreachable: bool = False) -> None:
        super().__init__(message)
        self.unreachable = unreachable


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrStatus:
    """What a program says of itself; ``at`` is the time by its own clock, None where it does not tell."""

    app_name: str
    version: str
    instance_name: str
    is_docker: bool
    at: datetime | None


class ArrClient:
    """Calls one program. Raises AuthFailed, Transient, WrongProgram, Refusal or Permanent."""

    def __init__(self, *, http: Http, interface: ArrInterface, config: ArrConfig, clock: Clock) -> None:
        self._http = http
        self._interface = interface
        self._url = config.url
        self._key = config.api_key.get_secret_value()
        self._clock = clock

    async def status(self) -> ArrStatus:
        """Ask who is there; another program than the expected one is an error."""
        answer = await self._answer("GET", "system/status")
        data = await self._object(answer)
        name = data.get("appName")
        if not isinstance(name, str):
            raise self._no_interface()
        if name.casefold() != self._interface.app_name.casefold():
            raise WrongProgram(
                text("This is {app_name}, not {source}.", app_name=name[:60], source=self._interface.app_name)
            )
        return ArrStatus(
            app_name=name,
            version=str(data.get("version", ""))[:60],
            instance_name=str(data.get("instanceName") or name)[:200],
            is_docker=data.get("isDocker") is True,
            at=_date(answer),
        )

    async def notifications(self) -> list[dict[str, Any]]:
        """Every connection that was set up there."""
        return await self._list("GET", "notification")

    async def webhook_schema(self) -> dict[str, Any]:
        """Return an empty webhook, with what this version can do. Raises Permanent where it has none."""
        found = await self._list("GET", "notification/schema")
        for entry in found:
            if entry.get("implementation") == WEBHOOK:
                return entry
        raise Permanent(text("This version of {source} has no webhooks.", source=self._interface.app_name))

    async def create(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        """Add a connection; its Test reaches us before this returns."""
        answer = await self._answer("POST", "notification", body=resource, within=TESTING_S)
        return await self._object(answer)

    async def update(self, number: int, resource: Mapping[str, Any]) -> dict[str, Any]:
        """Replace a connection; what is masked in it stays as it was."""
        answer = await self._answer("PUT", f"notification/{number}", body=resource, within=TESTING_S)
        return await self._object(answer)

    async def delete(self, number: int) -> None:
        """Remove a connection; one that is gone is no error."""
        await self._answer("DELETE", f"notification/{number}", gone_is_fine=True)

    async def test(self, resource: Mapping[str, Any]) -> None:
        """Press Test; a pass opens a connection again that was left alone after failures."""
        await self._answer("POST", "notification/test", body=resource, within=TESTING_S)

    async def history(self, since: datetime) -> list[dict[str, Any]]:
        """Every import since then; page by page where that is too much at once, or cannot be asked so."""
        query = urlencode({"date": iso(since) or "", **self._interface.history})
        try:
            return await self._list(
                "GET", f"history/since?{query}", within=READING_S, largest=LARGEST_HISTORY
            )
        except (TooLarge, WrongProgram):
            return await self._history_by_pages(since)

    async def _history_by_pages(self, since: datetime) -> list[dict[str, Any]]:
        """Read from the newest on; what is added meanwhile only shows some of them twice."""
        asked = {"pageSize": PAGE, "sortKey": "date", "sortDirection": "descending"}
        found: dict[object, dict[str, Any]] = {}
        for page in range(1, MOST_PAGES + 1):
            query = urlencode({"page": page, **asked, **self._interface.history, "eventType": IMPORTED})
            answer = await self._answer("GET", f"history?{query}", within=READING_S, largest=LARGEST_HISTORY)
            listed = (await self._object(answer)).get("records")
            records = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
            dates = [at for each in records if (at := date_of(each)) is not None]
            found |= {str(each.get("id", len(found))): each for each in records}
            if not dates or min(dates) < since:
                break
        return [each for each in found.values() if (at := date_of(each)) is not None and at >= since]

    async def tags(self) -> dict[int, str]:
        """Names of tags by their numbers."""
        found = await self._list("GET", "tag")
        return {each["id"]: str(each.get("label", "")) for each in found if isinstance(each.get("id"), int)}

    async def health(self) -> list[dict[str, Any]]:
        """What it complains of."""
        return await self._list("GET", "health")

    async def root_folders(self) -> tuple[str, ...]:
        """Return the folders in which it keeps its media."""
        found = await self._list("GET", "rootfolder")
        return tuple(path for each in found if isinstance(path := each.get("path"), str))

    async def films(self) -> tuple[KnownFilm, ...]:
        """Return its films; none of a program that has no films. Raises TooLarge for far too many."""
        if not self._interface.films:
            return ()
        found = await self._list(
            "GET", f"{self._interface.films}?excludeLocalCovers=true", within=READING_S, largest=LARGEST_LIST
        )
        films = (_film(each) for each in found)
        return tuple(film for film in films if film is not None)[:MOST_FILMS]

    async def _list(
        self, method: str, path: str, *, within: float | None = None, largest: int | None = None
    ) -> list[dict[str, Any]]:
        data = await self._read(await self._answer(method, path, within=within, largest=largest))
        if not isinstance(data, list):
            raise self._no_interface()
        return [each for each in data if isinstance(each, dict)]

    async def _object(self, answer: Answer) -> dict[str, Any]:
        data = await self._read(answer)
        if not isinstance(data, dict):
            raise self._no_interface()
        return data

    async def _read(self, answer: Answer) -> Any:  # noqa: ANN401 - a JSON boundary
        try:
            # A long history takes long enough to be seen in the window.
            return await asyncio.to_thread(json.loads, answer.body)
        except (ValueError, RecursionError):
            raise self._no_interface() from None

    async def _answer(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        within: float | None = None,
        largest: int | None = None,
        gone_is_fine: bool = False,
    ) -> Answer:
        limits: dict[str, Any] = {} if largest is None else {"largest_body": largest}
        try:
            answer = await self._http.request(
                method,
                f"{self._url}/api/{self._interface.version}/{path}",
                reach=LAN,
                headers={"X-Api-Key": self._key},
                json_body=body,
                secrets=(self._key, *_passwords(body)),
                within=within,
                follow=False,  # a log-in page elsewhere would be given the key
                **limits,
            )
        except Transient as error:
            raise Transient(text("No answer at {url}.", url=self._url), connection=True) from error
        if not answer.ok and not (gone_is_fine and answer.status == 404):  # noqa: PLR2004 - reads best so
            raise self._error(answer)
        return answer

    def _error(self, answer: Answer) -> MetarrError:
        if answer.status in {401, 403}:
            return AuthFailed(WRONG_KEY)
        complaints = _complaints(answer)
        if complaints:
            return Refusal(
                Text(answer.hide(" ".join(words for _, words in complaints))),
                unreachable=any(_is_about_us(name, words) for name, words in complaints),
            )
        # A server in front of it answers with a page of its own while the program is away.
        is_away = answer.status >= 500  # noqa: PLR2004 - the class of server errors
        if not is_away and (_is_page(answer) or answer.status == 404):  # noqa: PLR2004 - reads best so
            return self._no_interface()
        return refusal(answer, now=self._clock.now())

    def _no_interface(self) -> WrongProgram:
        return WrongProgram(
            text(
                "{url} does not answer as {source} does. Check the address and its URL base.",
                url=self._url,
                source=self._interface.app_name,
            )
        )


def names_us(health: Sequence[Mapping[str, Any]], name: str) -> bool:
    """Whether a program complains that it leaves a connection of this name alone after failures."""
    for each in health:
        message = str(each.get("message", ""))
        if str(each.get("source", "")) != HEALTH_CHECK and "otifications" not in message:
            continue
        # In the language of the program; where all are left alone, or its only one is, it lists no names.
        _, *listed = _COLONS.split(message, maxsplit=1)
        names = {one.strip().rstrip(".").casefold() for part in listed for one in _COMMAS.split(part)}
        if not listed or name.casefold() in names:
            return True
    return False


def field_of(resource: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - a JSON boundary
    """Return the value of a connection's field; None where it has none."""
    return next((each.get("value") for each in _fields(resource) if each.get("name") == name), None)


def with_fields(resource: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a connection with other values in those of the fields that it has."""
    fields = [
        {**each, "value": values[each["name"]]} if each.get("name") in values else dict(each)
        for each in _fields(resource)
    ]
    return {**resource, "fields": fields}


def _fields(resource: Mapping[str, Any]) -> list[dict[str, Any]]:
    fields = resource.get("fields")
    return [each for each in fields if isinstance(each, dict)] if isinstance(fields, list) else []


def _passwords(body: Mapping[str, Any] | None) -> list[str]:
    if body is None:
        return []
    password, url = field_of(body, "password"), field_of(body, "url")
    return [
        *([password] if isinstance(password, str) else []),
        *(_keys_in(url) if isinstance(url, str) else []),
    ]


def _keys_in(url: str) -> list[str]:
    """Return what may be a key in an address that a person pasted."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return []
    return [value for _, value in parse_qsl(parts.query)] + ([parts.password] if parts.password else [])


def _complaints(answer: Answer) -> list[tuple[str, str]]:
    """Read the array in which the family says what is wrong: pairs of field and sentence."""
    try:
        data = json.loads(answer.body)
    except (ValueError, RecursionError):
        return []
    found = [each for each in data if isinstance(each, dict)] if isinstance(data, list) else []
    return [
        (str(each.get("propertyName", "")), str(each["errorMessage"]))
        for each in found
        if each.get("errorMessage")
    ]


def _is_about_us(name: str, words: str) -> bool:
    return name.casefold() in {"url", ""} or "test message" in words.casefold()


def _is_page(answer: Answer) -> bool:
    return answer.body[:200].lstrip().startswith(b"<")


def _film(entry: Mapping[str, Any]) -> KnownFilm | None:
    """Read a film of the list; None for one of which nothing is known that others know too."""
    folder, tmdb, imdb = entry.get("path"), entry.get("tmdbId"), entry.get("imdbId")
    if not isinstance(folder, str) or not folder or entry.get("hasFile") is False:
        # One that is only wanted lies nowhere yet, and where others have it says nothing about paths.
        return None
    return KnownFilm(
        folder=folder,
        tmdb_id=tmdb if isinstance(tmdb, int) and tmdb > 0 else None,
        imdb_id=imdb if isinstance(imdb, str) and imdb else None,
    )


def _date(answer: Answer) -> datetime | None:
    try:
        at = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (ValueError, TypeError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
