"""Tries whether somebody takes connections, and says nothing to him."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from metarr_desktop.domain.errors import Permanent, Transient
from metarr_desktop.domain.text import text
from metarr_desktop.services.nearness import is_near

if TYPE_CHECKING:
    from metarr_desktop.domain.errors import MetarrError

CONNECT_S = 8.0


async def try_connection(host: str, *, port: int, tls: bool) -> None:
    """Connect, with TLS where it is asked for, and hang up. Raises Transient or Permanent.

    Where a proxy of the environment stands between, only the way to the proxy can be tried.
    """
    proxy = _proxy(host, tls=tls)
    if proxy is not None:
        (host, port), tls = proxy, False
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(CONNECT_S):
            context = await asyncio.to_thread(ssl.create_default_context) if tls else None
            _, writer = await asyncio.open_connection(host, port, ssl=context)
    except (OSError, UnicodeError) as error:
        raise _failure(error, host=host, port=port) from error
    finally:
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(1):
                    await writer.wait_closed()


def _proxy(host: str, *, tls: bool) -> tuple[str, int] | None:
    if is_near(host) or urllib.request.proxy_bypass(host):
        return None
    parts = urlsplit(urllib.request.getproxies().get("https" if tls else "http", ""))
    return (parts.hostname, parts.port or 80) if parts.hostname else None


def _failure(error: Exception, *, host: str, port: int) -> MetarrError:
    shown = f"[{host}]" if ":" in host else host
    match error:
        case ssl.SSLCertVerificationError():
            detail = error.verify_message or "it could not be verified"
            return Permanent(text("Certificate not trusted: {detail}", detail=detail))
        case ssl.SSLError():
            reason = f"no secure connection ({error.reason or 'TLS'})"
        case socket.gaierror() | UnicodeError():
            reason = "name not resolved"
        case TimeoutError():
            reason = "no answer"
        case OSError() if error.errno:
            reason = os.strerror(error.errno).lower()
        case _:
            reason = "connection refused"
    return Transient(
        text("No connection to {host}:{port}: {detail}", host=shown, port=port, detail=reason),
        connection=True,
    )
