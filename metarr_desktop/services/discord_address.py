"""The address of a Discord webhook, which is a secret as a whole, and the threads of its channel."""

from __future__ import annotations

import os
import re
from urllib.parse import parse_qs, urlencode, urlsplit

from metarr_desktop.domain.text import Text

BASE = "https://discord.com"
HOSTS = ("discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com")
NUMBER = re.compile(r"[0-9]{1,25}")
_PATH = re.compile(
    r"/api(?:/v\d+)?/webhooks/(?P<id>[0-9]{1,25})/(?P<token>[A-Za-z0-9_-]{1,200})(?:/(?:slack|github))?/?"
)
PASTE = Text("Paste a webhook address from Discord: Channel settings > Integrations > Webhooks.")


def base_address() -> str:
    """Where Discord is; ``METARR_DISCORD_BASE`` names another place, for proxies and tests."""
    return os.environ.get("METARR_DISCORD_BASE", BASE).rstrip("/")


def normalise(address: str) -> str:
    """Webhook address as we call it, with the thread it may name. Raises ValueError where it is none."""
    trimmed = address.strip().strip("<>").strip()
    base = base_address()
    try:
        parts = urlsplit(trimmed)
        threads = parse_qs(parts.query).get("thread_id", [])
    except ValueError:
        raise ValueError(PASTE) from None
    at_discord = parts.scheme.lower() == "https" and parts.netloc.lower() in HOSTS
    found = _PATH.fullmatch(parts.path)
    if found is None or not (at_discord or f"{parts.scheme}://{parts.netloc}".lower() == base.lower()):
        raise ValueError(PASTE)
    thread = f"?thread_id={threads[0]}" if threads and NUMBER.fullmatch(threads[0]) else ""
    return f"{base}/api/webhooks/{found['id']}/{found['token']}{thread}"


def bare(address: str) -> str:
    """Return a normalised address without the thread it may name."""
    return address.partition("?")[0]


def thread_of(address: str) -> str:
    """Return the thread that a normalised address names, or nothing."""
    return address.partition("?thread_id=")[2]


def webhook_id(address: str) -> str:
    """Return the public number of the webhook."""
    return bare(address).rsplit("/", 2)[1]


def execution(address: str, *, thread: str) -> str:
    """Return where messages are posted; with ``wait`` a message that is not kept gives an error."""
    query = {"thread_id": thread, "wait": "true"} if thread else {"wait": "true"}
    return f"{bare(address)}?{urlencode(query)}"


def message(address: str, *, identity: str, thread: str) -> str:
    """Return where one message is changed or removed."""
    return f"{bare(address)}/messages/{identity}" + (f"?thread_id={thread}" if thread else "")


def secrets_of(address: str) -> tuple[str, ...]:
    """Everything in the address that lets somebody post: the address, its path, the token alone."""
    whole = bare(address)
    path = "/".join(whole.rsplit("/", 2)[1:])
    return address, whole, path, whole.rpartition("/")[2]
