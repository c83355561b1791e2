from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from metarr_desktop.domain.errors import NotFound, NotSetUp, Refused
from metarr_desktop.services.discord import DiscordConfig
from metarr_desktop.services.forms import (
    build_config,
    check_field,
    field_specs,
    missing_fields,
    parse_value,
    secret_fields,
)
from metarr_desktop.services.kodi import KodiConfig
from metarr_desktop.services.pushover import PushoverConfig
from metarr_desktop.services.registry import service

if TYPE_CHECKING:
    from metarr_desktop.domain.forms import FieldSpec

KODI, DISCORD, PUSHOVER = service("kodi"), service("discord"), service("pushover")
DEVICE = "A device name has at most 25 letters, digits, hyphens and underscores."
PASTE = "Paste a webhook address from Discord: Channel settings > Integrations > Webhooks."
ROLE = "A role is a number of 17 to 20 digits. Copy it in Discord with Copy Role ID."
KEY = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"


def spec(key: str, name: str) -> FieldSpec:
    return next(each for each in field_specs(service(key)) if each.name == name)


def test_the_public_field_names_and_secrets_are_those_promised() -> None:
    names = {
        each.key: [field.name for field in field_specs(each) if not field.advanced]
        for each in (KODI, *(service(key) for key in ("jellyfin", "emby", "plex")), DISCORD, PUSHOVER)
    }
    assert names == {
        "kodi": ["host", "port", "username", "password"],
        "jellyfin": ["url", "api_key"],
        "emby": ["url", "api_key"],
        "plex": ["url", "token"],
        "discord": ["webhook_url", "username", "mention"],
        "pushover": ["token", "user_key", "device", "priority", "sound"],
    }
    assert secret_fields(KODI) == ("password",)
    assert secret_fields(DISCORD) == ("webhook_url",)
    assert secret_fields(PUSHOVER) == ("token", "user_key")


def test_a_service_nobody_declared_is_not_found() -> None:
    with pytest.raises(NotFound, match="no service called vlc"):
        service("vlc")


def test_a_number_has_its_limits_and_its_default() -> None:
    port = spec("kodi", "port")
    assert (port.kind, port.minimum, port.maximum, port.default) == ("integer", 1, 65535, 8080)
    assert not port.required


def test_what_has_no_default_is_required() -> None:
    required = [
        field.name
        for key in ("kodi", "jellyfin", "emby", "plex", "discord", "pushover")
        for field in field_specs(service(key))
        if field.required
    ]
    servers = ["url", "api_key", "url", "api_key", "url", "token"]
    assert required == ["host", *servers, "webhook_url", "token", "user_key"]
    assert spec("kodi", "password").kind == "secret"


def test_choices_have_labels_and_advanced_fields_are_marked() -> None:
    priority = spec("pushover", "priority")
    assert (priority.kind, priority.default) == ("choice", 0)
    assert (0, "Normal") in priority.choices
    sound = spec("pushover", "sound")
    assert (sound.kind, sound.default) == ("choice", "")
    assert sound.choices[0] == ("", "Pushover (default)")
    playing = spec("kodi", "skip_playing")
    assert (playing.kind, playing.default, playing.advanced) == ("boolean", True, True)


@pytest.mark.parametrize(
    ("key", "name", "value", "complaint"),
    [
        ("pushover", "token", "", "Enter the application token."),
        ("pushover", "token", "   ", "Enter the application token."),
        ("pushover", "user_key", KEY[:25], "A user key has 30 letters and digits. This has 25."),
        ("pushover", "user_key", KEY[:29] + "-", "A user key has letters and digits only."),
        ("pushover", "priority", 3, "Priority is one of: -2, -1, 0, 1, 2."),
        ("pushover", "device", "a b", DEVICE),
        ("kodi", "host", "", "Enter the host."),
        ("kodi", "port", 0, "Port is a number from 1 to 65535."),
        ("kodi", "port", "70000", "Port is a number from 1 to 65535."),
        ("kodi", "port", "many", "Port is a whole number."),
        ("kodi", "host", "x" * 300, "Host has at most 253 characters. This has 300."),
        ("kodi", "password", "\ud800", "Password cannot have this value."),
        ("discord", "webhook_url", "https://example.com/", PASTE),
        ("discord", "username", "My Discord", 'Discord does not allow "discord" in this name.'),
        ("discord", "mention", "everyone", ROLE),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_in_a_sentence(key: str, name: str, value: Any, complaint: str) -> None:
    assert str(check_field(service(key), name, value)) == complaint


@pytest.mark.parametrize(
    ("key", "name", "value"),
    [
        ("pushover", "token", KEY), ("pushover", "user_key", f" {KEY} "), ("pushover", "sound", "my_own"),
        ("pushover", "priority", -2), ("pushover", "device", ""), ("kodi", "host", "kodi.local"),
        ("kodi", "port", 80), ("kodi", "port", "80"), ("kodi", "password", ""),
        ("kodi", "skip_playing", False),
        ("discord", "mention", "123456789012345678"), ("discord", "username", ""),
        ("discord", "webhook_url", " <https://discord.com/api/webhooks/1/a> "),
    ],
)  # fmt: skip
def test_a_right_value_draws_no_complaint(key: str, name: str, value: Any) -> None:
    assert check_field(service(key), name, value) is None


@pytest.mark.parametrize(
    ("key", "name", "typed", "value"),
    [
        ("kodi", "port", " 9090 ", 9090), ("kodi", "port", "", 8080), ("kodi", "skip_playing", "No", False),
        ("kodi", "skip_playing", "on", True), ("kodi", "host", " box ", "box"), ("kodi", "host", "", ""),
        ("kodi", "password", " with spaces ", " with spaces "),
        ("pushover", "priority", "-1", -1), ("pushover", "priority", "high (also in quiet hours)", 1),
        ("pushover", "sound", "SIREN", "siren"), ("pushover", "sound", "my_own", "my_own"),
        ("pushover", "device", "iphone", "iphone"),
    ],
)  # fmt: skip
def test_typed_text_becomes_a_value(key: str, name: str, typed: str, value: object) -> None:
    parsed = parse_value(service(key), name, typed)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("key", "name", "typed", "words"),
    [
        ("kodi", "port", "eighty", "Port is a whole number"), ("kodi", "port", "9" * 5000, "Port"),
        ("kodi", "port", "0", "from 1 to 65535"), ("kodi", "skip_playing", "maybe", "yes or no"),
        ("pushover", "priority", "urgent", "one of: -2, -1, 0, 1, 2"),
        ("pushover", "token", "x", "This has 1."),
        ("kodi", "hots", "x", "no setting hots. It has: host, port, username, password, optional"),
    ],
)  # fmt: skip
def test_typed_text_that_is_wrong_is_refused(key: str, name: str, typed: str, words: str) -> None:
    with pytest.raises(Refused) as caught:
        parse_value(service(key), name, typed)
    assert words in str(caught.value)


def test_missing_is_what_is_required_and_empty() -> None:
    assert missing_fields(KODI, {}, ()) == ("host",)
    assert missing_fields(KODI, {"host": " "}, ("password",)) == ("host",)
    assert missing_fields(KODI, {"host": "x"}, ()) == ()
    assert missing_fields(PUSHOVER, {"token": KEY}, {"user_key"}) == ("token",)


def test_settings_are_built_from_plain_values_and_secrets() -> None:
    config = build_config(KODI, {"host": "box", "port": "", "old_field": 1}, {"password": " s p "})
    assert isinstance(config, KodiConfig)
    assert (config.host, config.port, config.username) == ("box", 8080, "kodi")
    assert config.password == SecretStr(" s p ")
    discord = build_config(DISCORD, {"username": ""}, {"webhook_url": "https://discord.com/api/webhooks/1/a"})
    assert isinstance(discord, DiscordConfig)
    assert discord.username == ""
    pushover = build_config(PUSHOVER, {"priority": 2}, {"token": KEY, "user_key": KEY})
    assert isinstance(pushover, PushoverConfig)
    assert pushover.priority == 2


@pytest.mark.parametrize(
    ("key", "plain", "secrets", "words"),
    [
        ("kodi", {}, {}, "Kodi is not set up. Enter the host."),
        ("kodi", {"host": "x", "port": 0}, {}, "Kodi is not set up. Port is a number from 1 to 65535."),
        ("pushover", {}, {"token": KEY}, "Pushover is not set up. Enter the user key."),
        ("pushover", {}, {"token": KEY, "user_key": ""}, "Pushover is not set up. Enter the user key."),
        ("pushover", {"token": KEY}, {"user_key": KEY}, "Pushover is not set up. Enter the application"),
        ("discord", {}, {"webhook_url": "s3cret"}, "Discord is not set up. Paste a webhook address"),
        ("kodi", {"host": ["x"]}, {}, "Kodi is not set up. Host cannot have this value."),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_built_name_what_is_missing(
    key: str, plain: dict[str, object], secrets: dict[str, str], words: str
) -> None:
    with pytest.raises(NotSetUp) as caught:
        build_config(service(key), plain, secrets)
    assert str(caught.value).startswith(words)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert "s3cret" not in repr(caught.value)
