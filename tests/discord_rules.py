"""What Discord takes as the body of a message, after its own schema; anything else fails the test."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

MESSAGE = {"content", "username", "embeds", "allowed_mentions", "thread_name"}
CHANGE = {"content", "embeds", "allowed_mentions"}
EMBED = {"title", "description", "url", "color", "timestamp", "footer", "thumbnail", "fields"}
LONGEST = {"title": 256, "description": 4096, "url": 2048}


def units(words: str) -> int:
    """Discord counts as JavaScript does, and not the white space around."""
    return len(words.strip().encode("utf-16-le")) // 2


def check_message(body: dict[str, Any]) -> None:
    """Check what is posted."""
    assert set(body) <= MESSAGE, f"unknown: {set(body) - MESSAGE}"
    assert 1 <= units(body.get("username", "x")) <= 80
    assert not re.search("discord|clyde", body.get("username", ""), re.IGNORECASE)
    assert 1 <= units(body.get("thread_name", "x")) <= 100
    _check_common(body)


def check_change(body: dict[str, Any]) -> None:
    """Check what a message is changed to, which has neither a name nor a place of its own."""
    assert set(body) <= CHANGE, f"unknown: {set(body) - CHANGE}"
    _check_common(body)


def _check_common(body: dict[str, Any]) -> None:
    assert body.get("content") or body.get("embeds"), "an empty message"
    assert units(body.get("content", "")) <= 2000
    mentions = body["allowed_mentions"]
    assert set(mentions) <= {"parse", "roles"}
    assert mentions["parse"] == [], "everybody could be pinged"
    assert len(mentions.get("roles", ())) <= 100
    assert all(re.fullmatch(r"\d{1,25}", role) for role in mentions.get("roles", ()))
    assert 1 <= len(body["embeds"]) <= 10
    assert sum(_check_embed(each) for each in body["embeds"]) <= 6000
    assert not re.search(r"[\x00-\x09\x0b-\x1f\ud800-\udfff\u202e]", str(body))


def _check_embed(embed: dict[str, Any]) -> int:
    """Check one embed; returns how much of the limit for all text it takes."""
    assert set(embed) <= EMBED, f"unknown: {set(embed) - EMBED}"
    for name, most in LONGEST.items():
        assert 1 <= units(embed.get(name, "x")) <= most, name
    assert 0 <= embed["color"] <= 0xFFFFFF
    assert datetime.fromisoformat(embed["timestamp"]).tzinfo is not None
    assert set(embed["footer"]) == {"text"}
    assert 1 <= units(embed["footer"]["text"]) <= 2048
    assert set(embed.get("thumbnail", {"url": ""})) == {"url"}
    for address in (embed.get("url", "https://x"), embed.get("thumbnail", {"url": "https://x"})["url"]):
        assert re.match(r"https?://\S+$", address)
        assert len(address) <= 2048
    fields = embed.get("fields", [])
    assert len(fields) <= 25
    for each in fields:
        assert set(each) <= {"name", "value", "inline"}
        assert isinstance(each.get("inline", False), bool)
        assert 1 <= units(each["name"]) <= 256
        assert 1 <= units(each["value"]) <= 1024
    texts = [embed.get("title", ""), embed.get("description", ""), embed["footer"]["text"]]
    texts += [words for each in fields for words in (each["name"], each["value"])]
    return sum(units(each) for each in texts)
