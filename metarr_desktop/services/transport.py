"""aiohttp, and the only place where its failures become ours."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import os
import ssl
from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

from metarr_desktop import __version__
from metarr_desktop.domain.errors import MetarrError, NotSetUp, Permanent, Transient
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.answer import Answer, TooLarge, Untrusted, redirected
from metarr_desktop.services.http import Reach
from metarr_desktop.services.redact import leaks, redact

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from metarr_desktop.services.http import Request

USER_AGENT = f"MetarrDesktop/{__version__}"
CONNECTIONS_PER_HOST = 4
REDIRECTS = 3
CLOSE_S = 1.0
_CHUNK = 64 * 1024
_OTHER_NAME = frozenset({62, 64})
"""What OpenSSL says of a certificate for another name or number."""
_REASONS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "the connection was closed",
    errno.EPIPE: "the connection was closed",
    errno.EHOSTUNREACH: "no route to this address",
    errno.EHOSTDOWN: "no route to this address",
    errno.ENETUNREACH: "no network",
    errno.ENETDOWN: "no network",
    errno.ETIMEDOUT: "no answer",
}


class Transport:
    """The sessions: with and without the proxies of the environment, over the same connections."""

    def __init__(self) -> None:
        self._connector: aiohttp.TCPConnector | None = None
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def fetch(self, request: Request) -> Answer:
        """Make one call and read its whole answer. Raises Transient, Permanent or NotSetUp."""
        url = _parsed(request.url)
        try:
            return await self._fetch(request, url)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            translated = _translate(error, request=request, url=url)
            raise translated from (None if leaks(error, secrets=request.secrets) else error)

    async def _fetch(self, request: Request, url: URL) -> Answer:
        session = self._session(trust_env=request.reach is Reach.INTERNET and not _is_this_computer(url))
        async with session.request(
            request.method,
            url,
            data=_form(request) if request.files else request.body,
            headers=dict(request.headers),
            timeout=aiohttp.ClientTimeout(total=request.total, connect=request.connect),
            allow_redirects=request.follow and request.method == "GET",
            max_redirects=REDIRECTS + 1,
            ssl=_pinned(request.fingerprint) if request.fingerprint else True,
        ) as response:
            body = await _read(response, limit=request.largest_body, host=_place(url))
            answer = Answer(
                status=response.status, headers=response.headers, body=body, secrets=request.secrets
            )
            if answer.redirects:
                # Following would turn a POST into a GET, and the page it leads to into a false success.
                raise redirected(answer)
            return answer

    def _session(self, *, trust_env: bool) -> aiohttp.ClientSession:
        if self._connector is None:
            self._connector = aiohttp.TCPConnector(limit_per_host=CONNECTIONS_PER_HOST)
        if trust_env not in self._sessions:
            self._sessions[trust_env] = aiohttp.ClientSession(
                connector=self._connector,
                connector_owner=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": USER_AGENT},
                trust_env=trust_env,
            )
        return self._sessions[trust_env]

    @contextlib.asynccontextmanager
    async def listen(self, address: str, *, within: float, largest: int) -> AsyncIterator[AsyncIterator[str]]:
        """Open a web socket, and yield its texts until it closes. Raises Transient where it does not open."""
        url = URL(address)
        try:
            async with asyncio.timeout(within):
                socket = await self._session(trust_env=False).ws_connect(
                    url, max_msg_size=largest, timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S)
                )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Transient(
                text("No connection to {host}: {detail}", host=_place(url), detail=_reason(error)),
                connection=True,
            ) from error
        try:
            yield _texts(socket)
        finally:
            await socket.close()

    async def fingerprint(self, address: str, *, seconds: float) -> str:
        """Return the fingerprint of the certificate shown there: by trusting one that nobody has."""
        try:
            url = _parsed(address)
            if url.scheme != "https":
                return ""
            timeout = aiohttp.ClientTimeout(total=seconds)
            async with self._session(trust_env=False).head(url, ssl=_pinned("00" * 32), timeout=timeout):
                return ""
        except aiohttp.ServerFingerprintMismatch as error:
            return error.got.hex()
        except (aiohttp.ClientError, OSError, ValueError, MetarrError):
            return ""

    async def close(self) -> None:
        """Close the sessions and their connections."""
        for session in self._sessions.values():
            await session.close()
        if self._connector is not None:
            await self._connector.close()


async def _texts(socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[str]:
    async for message in socket:
        if message.type is aiohttp.WSMsgType.TEXT:
            yield message.data
        # Who sends without a pause must not keep everybody else from running.
        await asyncio.sleep(0)


def _form(request: Request) -> aiohttp.FormData:
    """Put fields and files into one body of several parts."""
    form = aiohttp.FormData()
    for name, value in request.fields.items():
        form.add_field(name, value.encode("utf-8", "replace").decode())
    for file in request.files:
        form.add_field(file.part, file.content, filename=file.filename, content_type=file.content_type)
    return form


async def _read(response: aiohttp.ClientResponse, *, limit: int, host: str) -> bytes:
    """Read in pieces and stop when it gets too much."""
    body = bytearray()
    async for piece in response.content.iter_chunked(_CHUNK):
        body += piece
        if len(body) > limit:
            response.close()
            raise TooLarge(
                text("The answer of {host} is larger than {size} MB.", host=host, size=limit // 1024**2)
            )
    return bytes(body)


def _parsed(address: str) -> URL:
    url = None
    with contextlib.suppress(ValueError):
        url = URL(address)
    if url is None or url.scheme not in {"http", "https"} or not url.port or not _is_name(url.host or ""):
        # The address may be a secret itself, so neither it nor the parser's complaint is shown.
        raise NotSetUp("The address is not valid. Check it in the settings.") from None
    return url


def _is_name(host: str) -> bool:
    return host.isprintable() and len(host.split()) == 1


def _translate(error: Exception, *, request: Request, url: URL) -> MetarrError:
    """Say what went wrong in the words of the settings window."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            return Transient(_timed_out(request.connect), connection=True)
        case TimeoutError():
            return Transient(_timed_out(request.total))
        case aiohttp.ClientConnectorCertificateError() | ssl.SSLCertVerificationError():
            return _untrusted(error, request)
        case aiohttp.ServerFingerprintMismatch():
            return Untrusted(
                text("The certificate of {host} is not the one you trust.", host=_place(url)),
                was_trusted=True,
            )
        case aiohttp.ClientPayloadError():
            return Transient(text("The answer of {host} was cut off.", host=_place(url)))
        case aiohttp.TooManyRedirects() | aiohttp.RedirectClientError():
            return Permanent(text("Wrong address: {host} redirects without end.", host=_place(url)))
        case aiohttp.InvalidURL():
            return NotSetUp("The address is not valid. Check it in the settings.")
        case aiohttp.ClientConnectionError() | OSError():
            detail = redact(_reason(error), secrets=request.secrets)
            return Transient(
                text(
                    "No connection to {host}:{port}: {detail}",
                    host=_host(url),
                    port=url.port or 0,
                    detail=detail,
                ),
                connection=True,
            )
        case _:
            return Transient(text("What {host} answered was not understood.", host=_place(url)))


def _timed_out(seconds: float) -> Text:
    return text("Timed out after {seconds} s.", seconds=f"{seconds:g}")


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "name not resolved"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the connection was closed"
    inner = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(inner, ssl.SSLError):
        return f"no secure connection ({inner.reason or 'TLS'})"
    if isinstance(inner, OSError) and inner.errno:
        return _REASONS.get(inner.errno) or os.strerror(inner.errno).lower()
    return "the connection was closed"


def _untrusted(error: Exception, request: Request) -> Untrusted:
    inner = error.certificate_error if isinstance(error, aiohttp.ClientConnectorCertificateError) else error
    detail, code = "", 0
    if isinstance(inner, ssl.SSLCertVerificationError):
        detail, code = inner.verify_message, inner.verify_code
    detail = redact(detail or "it could not be verified", secrets=request.secrets)
    return Untrusted(text("Certificate not trusted: {detail}", detail=detail), other_name=code in _OTHER_NAME)


def _pinned(fingerprint: str) -> aiohttp.Fingerprint:
    return aiohttp.Fingerprint(bytes.fromhex(fingerprint))


def _host(url: URL) -> str:
    host = url.host or ""
    return f"[{host}]" if ":" in host else host


def _place(url: URL) -> str:
    return f"{_host(url)}:{url.port}"


def _is_this_computer(url: URL) -> bool:
    """No proxy stands between this computer and itself."""
    host = url.host or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
