"""Signing in to Plex: a person agrees in the browser, and chooses one of their servers."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from metarr_desktop import __version__
from metarr_desktop.domain.errors import Permanent, Refused, Transient
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.answer import not_understood, refusal, retry_after
from metarr_desktop.services.caller import PRODUCT, Caller, computer
from metarr_desktop.services.http import INTERNET
from metarr_desktop.services.plex_choice import choose_server, reach
from metarr_desktop.services.sign_in import Prompt, SignedIn, SignIn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.forms import PlainValue
    from metarr_desktop.services.answer import Answer
    from metarr_desktop.services.sign_in import Talk
    from metarr_desktop.services.tools import Tools

BASE = "https://plex.tv"
PAGE = "https://app.plex.tv/auth#"
ASK_EVERY_S = 2.0
SLOWER_S = 10.0
LONGEST_S, USUAL_S = 3_600, 1_800
NOT_FOUND, TOO_MANY = 404, 429
EXPIRED = Text("The sign-in has expired. Start again.")
AGREE = Text("Sign in to Plex in the browser and allow Metarr Desktop. Then come back here.")


def base_address() -> str:
    """Where plex.tv is; ``METARR_PLEXTV_BASE`` names another place, for proxies and tests."""
    return os.environ.get("METARR_PLEXTV_BASE", BASE).rstrip("/")


def plex_headers(client: str, *, token: str = "") -> dict[str, str]:
    """Return what every call to Plex carries, so that it knows us again."""
    headers = {
        "Accept": "application/json",
        "X-Plex-Client-Identifier": client,
        "X-Plex-Product": PRODUCT,
        "X-Plex-Version": __version__,
        "X-Plex-Platform": platform.system() or "Python",
        "X-Plex-Device-Name": computer(),
    }
    return {**headers, "X-Plex-Token": token} if token else headers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pin:
    """A question at plex.tv that waits for a person."""

    id: int
    code: str = field(repr=False)
    seconds: float


async def sign_in(tools: Tools, _values: Mapping[str, PlainValue], talk: Talk, /) -> SignedIn:
    """Go from the browser to the address and the token of one server. Raises Refused or Transient."""
    talk.tell(Text("Asking Plex..."))
    client = await Caller(tools.notes).id()
    pin = await _ask_for_pin(tools, client)
    until = tools.clock.now() + timedelta(seconds=pin.seconds)
    talk.show(Prompt(words=AGREE, link=_page(client, pin), until=until))
    account = await _agreed(tools, client, pin)
    talk.tell(Text("Looking for your servers..."))
    server = await choose_server(await _resources(tools, client, account), talk)
    talk.tell(text("Looking for the way to {server}...", server=server.name))
    url = await reach(tools, server, headers=plex_headers(client))
    return SignedIn(
        detail=text("Signed in. {server} answers at {url}.", server=server.name, url=url),
        values={"url": url},
        secrets={"token": server.token},
    )


def _page(client: str, pin: _Pin) -> str:
    said = {"clientID": client, "code": pin.code, "context[device][product]": PRODUCT}
    return f"{PAGE}?{urlencode(said, quote_via=quote)}"


async def _ask_for_pin(tools: Tools, client: str) -> _Pin:
    answer = await tools.http.request(
        "POST", f"{base_address()}/api/v2/pins?strong=true", reach=INTERNET, headers=plex_headers(client)
    )
    if not answer.ok:
        raise refusal(answer, now=tools.clock.now())
    told = answer.json_object()
    number, code, seconds = told.get("id"), told.get("code"), told.get("expiresIn")
    if not isinstance(number, int) or not isinstance(code, str) or not code:
        raise not_understood()
    if not isinstance(seconds, int | float) or seconds <= 0:
        seconds = USUAL_S
    return _Pin(id=number, code=code, seconds=min(seconds, LONGEST_S))


async def _agreed(tools: Tools, client: str, pin: _Pin) -> str:
    """Wait for the person in the browser; returns the account's token. Raises Refused when time is up."""
    end, pause = tools.clock.monotonic() + pin.seconds, ASK_EVERY_S
    while tools.clock.monotonic() + pause < end:
        await tools.clock.sleep(pause)
        try:
            answer = await tools.http.request(
                "GET",
                f"{base_address()}/api/v2/pins/{pin.id}",
                reach=INTERNET,
                headers=plex_headers(client),
                secrets=(pin.code,),
                follow=False,
            )
        except Transient:  # a network that comes back
            continue
        if answer.status == NOT_FOUND:
            break
        if answer.status == TOO_MANY:
            pause = max(_slower(answer, tools), pause)
        elif answer.ok:
            token = answer.json_object().get("authToken")
            if isinstance(token, str) and token:
                return token
        elif not isinstance(error := refusal(answer, now=tools.clock.now()), Transient):
            raise error
    raise Refused(EXPIRED)


def _slower(answer: Answer, tools: Tools) -> float:
    asked = answer.headers.get("Retry-After")
    return SLOWER_S if asked is None else retry_after(asked, now=tools.clock.now()).total_seconds()


async def _resources(tools: Tools, client: str, account: str) -> list[Any]:
    answer = await tools.http.request(
        "GET",
        f"{base_address()}/api/v2/resources?includeHttps=1&includeIPv6=1",
        reach=INTERNET,
        headers=plex_headers(client, token=account),
        secrets=(account,),
        follow=False,
    )
    if not answer.ok:
        raise refusal(answer, now=tools.clock.now())
    try:
        told = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise not_understood() from None
    if not isinstance(told, list):
        raise Permanent("Plex did not tell which servers there are. Try again later.")
    return told


PLEX_SIGN_IN = SignIn(label=Text("Sign in with Plex..."), steps=sign_in)
