"""The form that scripts made for autoscan use: ``POST /triggers/manual?dir=...``, with a key always."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qs

from aiohttp import ClientPayloadError, web

from metarr_desktop.domain.errors import MetarrError, Refused, StorageFailed
from metarr_desktop.domain.text import Text
from metarr_desktop.webhooks.answers import bad, json_answer, not_stored, refused, wrong_method
from metarr_desktop.webhooks.guard import KeyRefused, Refusal, has_key

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from metarr_desktop.app.scan_requests import Origin, ScanRequest
    from metarr_desktop.webhooks.guard import Caller

PREFIX = "/triggers"
ADDRESS = "/triggers/manual"
FORM = "application/x-www-form-urlencoded"
MOST_FOLDERS = 200
LARGEST_FORM = 1_000_000
READ_WITHIN_S = 10.0

WRONG_KEY = Text("The key is wrong or missing. Give it as ?apikey=, in X-Api-Key or as the password.")
NO_KEY_YET = Text("This address always needs a key, and there is none yet: metarr-desktop receiving new-key")
NO_FOLDER = bad(Text("Name a folder: /triggers/manual?dir=/films/Dune"))
TOO_MANY = bad(Text("At most 200 folders go into one request."))
BAD_FORM = bad(Text("The form could not be read."))
NOTHING_HERE = Refusal(
    status=404,
    answer=Text("There is nothing at this address. Folders go to /triggers/manual?dir=..."),
    reason="no such address.",
)


class Scans(Protocol):
    """Takes requests to look at folders."""

    async def request(self, path: str, *, origin: Origin, remote_address: str = "") -> ScanRequest:
        """Store the request. Raises Refused with the remedy."""


class Triggers:
    """Answers below ``/triggers``. ``digests`` tells the SHA-256 of every key that is right now."""

    prefix = PREFIX

    def __init__(self, *, scans: Scans, digests: Callable[[], Collection[str]]) -> None:
        self._scans = scans
        self._digests = digests

    async def answer(self, request: web.Request, caller: Caller, /) -> web.StreamResponse:
        """Take each folder that is named; raises KeyRefused where no key is right."""
        digests = self._digests()
        if not has_key(caller, digests):
            raise KeyRefused(WRONG_KEY if digests else NO_KEY_YET)
        if caller.path.rstrip("/") != ADDRESS:
            return refused(NOTHING_HERE)
        if request.method != "POST":
            return refused(wrong_method("POST"))
        folders = await _folders(request)
        if isinstance(folders, Refusal):
            return refused(folders)
        return await self._take(folders, caller=caller)

    async def _take(self, folders: Collection[str], *, caller: Caller) -> web.StreamResponse:
        taken, left, later = list[dict[str, object]](), list[dict[str, str]](), list[MetarrError]()
        for folder in folders:
            try:
                scan = await self._scans.request(folder, origin="trigger", remote_address=caller.peer)
            except Refused as error:
                left.append({"dir": folder, "error": str(error)})
            except MetarrError as error:
                if isinstance(error, StorageFailed) and not taken:
                    return not_stored(error.text)
                left.append({"dir": folder, "error": str(error)})
                later.append(error)
            else:
                taken.append(
                    {"dir": scan.folder, "title": scan.title, "eventId": scan.event_id, "jobId": scan.job_id}
                )
        if later and not taken:
            return not_stored(later[0].text)
        if not taken:
            return json_answer(400, {"status": "refused", "error": left[0]["error"], "refused": left})
        return json_answer(200, {"status": "queued", "scans": taken, "refused": left})


async def _folders(request: web.Request) -> tuple[str, ...] | Refusal:
    """Return the folders named in the address and in the form, each once."""
    named = [*request.query.getall("dir", ())]
    if request.content_type == FORM and request.can_read_body:
        form = await _form(request)
        if form is None:
            return BAD_FORM
        named += form
    folders = tuple(dict.fromkeys(folder for folder in named if folder.strip()))
    if not folders:
        return NO_FOLDER
    return folders if len(folders) <= MOST_FOLDERS else TOO_MANY


async def _form(request: web.Request) -> list[str] | None:
    if (request.content_length or 0) > LARGEST_FORM:
        return None
    try:
        async with asyncio.timeout(READ_WITHIN_S):
            body = await request.read()
        content = body.decode() if len(body) <= LARGEST_FORM else ""
        return parse_qs(content, max_num_fields=10 * MOST_FOLDERS, errors="strict").get("dir", [])
    except (TimeoutError, ValueError, ClientPayloadError, ConnectionError, web.HTTPException):
        return None
