"""Quick Connect of Jellyfin: a person types a code where they are signed in already."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from metarr_desktop import __version__
from metarr_desktop.domain.errors import NotSetUp, Refused, Transient
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.answer import not_understood, refusal
from metarr_desktop.services.caller import PRODUCT, Caller, computer
from metarr_desktop.services.emby_calls import escaped
from metarr_desktop.services.http import LAN
from metarr_desktop.services.server_address import server_address
from metarr_desktop.services.server_config import plain_fingerprint
from metarr_desktop.services.sign_in import Prompt, SignedIn, SignIn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.forms import PlainValue
    from metarr_desktop.services.answer import Answer
    from metarr_desktop.services.sign_in import Talk
    from metarr_desktop.services.tools import Tools

USUAL_PORT = 8096
VALID_FOR = timedelta(minutes=10)
ASK_EVERY_S = 2.0
UNAUTHORIZED, NOT_FOUND = 401, 404
OFF = Text(
    "Quick Connect is off on this server. Switch it on in Jellyfin under Dashboard > General, or make an API"
    " key there under Dashboard > API Keys and enter it here."
)
EXPIRED = Text("The code has expired. Start again for a new one.")
WHERE = Text(
    "In Jellyfin, on any device where you are signed in: your picture > Quick Connect. Type this code:"
)
NO_ADMINISTRATOR = Text(
    "This user is no administrator of Jellyfin, so that reading its libraries will be refused. Sign in as"
    " an administrator, or use an API key."
)


class _Server:
    """One Jellyfin, spoken to as the same device each time."""

    def __init__(self, tools: Tools, url: str, *, device: str, fingerprint: str) -> None:
        self._tools = tools
        self._fingerprint = fingerprint
        self.url = url
        parts = {"Client": PRODUCT, "Device": computer(), "DeviceId": device, "Version": __version__}
        # The server decodes what stands between the quotes.
        said = ", ".join(f'{name}="{escaped(value)}"' for name, value in parts.items())
        self._headers = {"Authorization": f"MediaBrowser {said}"}

    async def get(self, path: str, *, secrets: tuple[str, ...] = ()) -> Answer:
        return await self._tools.http.request(
            "GET",
            f"{self.url}{path}",
            reach=LAN,
            headers=self._headers,
            secrets=secrets,
            follow=False,  # the secret of the code would go along
            fingerprint=self._fingerprint,
        )

    async def post(self, path: str, body: dict[str, Any], *, secrets: tuple[str, ...] = ()) -> Answer:
        return await self._tools.http.request(
            "POST",
            f"{self.url}{path}",
            reach=LAN,
            headers=self._headers,
            json_body=body,
            secrets=secrets,
            fingerprint=self._fingerprint,
        )


async def quick_connect(tools: Tools, values: Mapping[str, PlainValue], talk: Talk, /) -> SignedIn:
    """Show a code until it is typed, and return the token of whoever typed it.

    Raises Refused where Quick Connect is off or the code was not typed in time.
    """
    try:
        url = server_address(str(values.get("url") or ""), port=USUAL_PORT)
        fingerprint = plain_fingerprint(str(values.get("fingerprint") or ""))
    except ValueError as error:
        raise NotSetUp(error.args[0]) from None
    talk.tell(Text("Asking Jellyfin for a code..."))
    device = await Caller(tools.notes).id()
    server = _Server(tools, url, device=device, fingerprint=fingerprint)
    await _see_that_it_is_on(server, tools)
    secret, code = await _begin(server, tools)
    until = tools.clock.now() + VALID_FOR
    talk.show(Prompt(words=WHERE, code=code, link=f"{url}/web/#/quickconnect", until=until))
    await _typed(server, tools, secret=secret)
    talk.tell(Text("Signing in..."))
    answer = await server.post("/Users/AuthenticateWithQuickConnect", {"Secret": secret}, secrets=(secret,))
    if not answer.ok:
        raise refusal(answer, now=tools.clock.now())
    return _signed_in(answer, url=url)


async def _see_that_it_is_on(server: _Server, tools: Tools) -> None:
    answer = await server.get("/QuickConnect/Enabled")
    if answer.status == NOT_FOUND:
        raise Refused(
            text("{url} is no Jellyfin, or one before 10.8. Check the address and its base.", url=server.url)
        )
    if not answer.ok:
        raise refusal(answer, now=tools.clock.now())
    try:
        on = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise not_understood() from None
    if on is not True:
        raise Refused(OFF)


async def _begin(server: _Server, tools: Tools) -> tuple[str, str]:
    """Return the secret and its code."""
    answer = await server.post("/QuickConnect/Initiate", {})
    if answer.status == UNAUTHORIZED:
        raise Refused(OFF)
    if not answer.ok:
        raise refusal(answer, now=tools.clock.now())
    told = answer.json_object()
    secret, code = told.get("Secret"), told.get("Code")
    if not (isinstance(secret, str) and secret and isinstance(code, str) and code.isalnum()):
        raise not_understood()
    return secret, code[:12]


async def _typed(server: _Server, tools: Tools, *, secret: str) -> None:
    """Wait until the code was typed. Raises Refused where that takes too long."""
    end = tools.clock.monotonic() + VALID_FOR.total_seconds()
    path = f"/QuickConnect/Connect?{urlencode({'secret': secret})}"
    while tools.clock.monotonic() < end:
        await tools.clock.sleep(ASK_EVERY_S)
        try:
            answer = await server.get(path, secrets=(secret,))
        except Transient:  # a server that is busy, or a network that comes back
            continue
        if answer.status == NOT_FOUND:
            break
        if answer.ok and answer.json_object().get("Authenticated") is True:
            return
        if not answer.ok and not isinstance(error := refusal(answer, now=tools.clock.now()), Transient):
            raise error
    raise Refused(EXPIRED)


def _signed_in(answer: Answer, *, url: str) -> SignedIn:
    told = answer.json_object()
    token, user = told.get("AccessToken"), told.get("User")
    if not isinstance(token, str) or not token or not isinstance(user, dict):
        raise not_understood()
    policy = user.get("Policy")
    administrator = isinstance(policy, dict) and policy.get("IsAdministrator") is True
    return SignedIn(
        detail=text("Signed in to Jellyfin as {user}.", user=answer.hide(str(user.get("Name") or "?"))),
        values={"url": url},
        secrets={"api_key": token},
        warnings=() if administrator else (NO_ADMINISTRATOR,),
    )


QUICK_CONNECT = SignIn(label=Text("Quick Connect..."), steps=quick_connect, needs=("url",))
