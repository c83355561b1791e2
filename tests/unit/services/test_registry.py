"""What every declared service promises, whichever it is."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from metarr_desktop.domain.errors import Transient
from metarr_desktop.services.declaration import Group, MediaServerConfig, Member, MessageConfig
from metarr_desktop.services.forms import build_config, field_specs, secret_fields
from metarr_desktop.services.registry import SERVICES, service
from metarr_desktop.services.trial import Trial
from tests.fakes import FakeClock, tools
from tests.fakes_http import FakeServer, Reply, unused_port

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from metarr_desktop.domain.forms import PlainValue
    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.domain.text import Text
    from metarr_desktop.services.declaration import Service, ServiceConfig
    from metarr_desktop.services.http import Http

ROOT = Path(__file__).parents[3]
SECRETS = {
    "kodi": {"password": "hush-hush"},
    "jellyfin": {"api_key": "hush0123456789abcdefhush"},
    "emby": {"api_key": "hush0123456789abcdefhush"},
    "plex": {"token": "hush-Hush_hush~hush"},
    "discord": {"webhook_url": "https://discord.com/api/webhooks/123456789012345678/hush-hush"},
    "desktop": {},
    "pushover": {"token": "hushhushhushhushhushhushhushhu", "user_key": "hushhushhushhushhushhushhushhu"},
    "email": {"password": "hush-hush"},
    "apprise": {"urls": "json://hushuser:hushword@127.0.0.1:{port}/hush-path"},
    "webhook": {
        "url": "http://127.0.0.1:{port}/hush-path?token=hush-query",
        "headers": "X-Token: hush-header",
        "password": "hush-hush",
    },
    "command": {},
}
PLAIN: dict[str, dict[str, PlainValue]] = {
    "email": {
        "security": "none",
        "username": "me",
        "sender": "me@example.org",
        "recipients": "me@example.org",
    },
    "command": {"program": "/nowhere/program", "confirmed": True},
}
NOT_HTTP = frozenset({"email", "apprise", "desktop", "command"})
"""What speaks another language, or through a library; their own tests say what becomes of its answers."""
NO_SERVER = frozenset({"command", "desktop"})
TOLD_BY_SENDING_ONLY = NO_SERVER | {"apprise"}
"""Whose test can reach nobody without sending."""

every_service = pytest.mark.parametrize("declared", SERVICES, ids=lambda each: each.key)


def services_except(keys: Collection[str]) -> pytest.MarkDecorator:
    chosen = [each for each in SERVICES if each.key not in keys]
    return pytest.mark.parametrize("declared", chosen, ids=lambda each: each.key)


def config_for(declared: Service, monkeypatch: pytest.MonkeyPatch, *, port: int) -> ServiceConfig:
    """Settings that lead to this computer."""
    monkeypatch.setenv(f"METARR_{declared.key.upper()}_BASE", f"http://127.0.0.1:{port}")
    names = {spec.name for spec in field_specs(declared)}
    plain: dict[str, PlainValue] = dict(PLAIN.get(declared.key, {}))
    if {"host", "port"} <= names:
        plain |= {"host": "127.0.0.1", "port": port}
    if "url" in names - set(secret_fields(declared)):
        plain["url"] = f"http://127.0.0.1:{port}"
    return build_config(declared, plain, secrets_for(declared, port=port))


def secrets_for(declared: Service, *, port: int) -> dict[str, str]:
    return {name: value.replace("{port}", str(port)) for name, value in SECRETS[declared.key].items()}


def target_for(declared: Service, monkeypatch: pytest.MonkeyPatch, *, port: int) -> ServiceConfig | Group:
    """What its notifier is given: the settings, or a group of one where it has several places."""
    config = config_for(declared, monkeypatch, port=port)
    if declared.member is None:
        return config
    return Group(name="Default", members=(Member(id=1, name="One", config=config),))


def test_services_stand_in_the_order_people_see() -> None:
    keys = [
        *("kodi", "jellyfin", "emby", "plex"),
        *("discord", "pushover", "email", "apprise", "desktop", "webhook", "command"),
    ]
    assert [declared.key for declared in SERVICES] == keys
    assert [declared.key for declared in SERVICES if declared.waits_for_scan] == keys[:4]


def test_who_may_be_switched_off_is_waited_for() -> None:
    assert {each.key for each in SERVICES if each.retry.patient} >= {"jellyfin", "emby", "plex"}


@every_service
def test_the_declaration_is_complete(declared: Service) -> None:
    assert service(declared.key) is declared
    assert re.fullmatch(r"[a-z]+", declared.key)
    assert declared.docs == f"docs/services/{declared.key}.md"
    page = (ROOT / declared.docs).read_text(encoding="utf-8")
    common = (ROOT / "docs/services/common.md").read_text(encoding="utf-8")
    shared = {name for base in (MessageConfig, MediaServerConfig) for name in base.model_fields}
    for spec in field_specs(declared):
        told = common if spec.name in shared else page
        assert f"`{spec.name}`" in told, f"{declared.docs} does not mention {spec.name}"
        assert spec.title != spec.name, "a field needs a title people can read"
    assert (ROOT / f"tests/unit/services/test_{declared.key}.py").exists()


@every_service
def test_secrets_are_secret_strings(declared: Service) -> None:
    fields = declared.config.model_fields
    assert secret_fields(declared) == tuple(n for n, info in fields.items() if info.annotation is SecretStr)
    assert set(secret_fields(declared)) == set(SECRETS[declared.key])
    suspicious = re.compile("password|token|secret|key|webhook")
    assert {name for name in fields if suspicious.search(name)} <= set(secret_fields(declared))


@every_service
def test_neither_repr_nor_json_of_the_settings_shows_a_secret(
    declared: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_for(declared, monkeypatch, port=1)
    assert "hush" not in f"{config!r} {config} {config.model_dump_json()} {config.model_dump()}"


@services_except(TOLD_BY_SENDING_ONLY)
async def test_a_test_never_raises_where_nobody_answers(
    declared: Service, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    notifier = declared.notifier(tools(http, FakeClock()))
    steps = await notifier.test(target_for(declared, monkeypatch, port=await unused_port()))
    assert not steps[-1].ok
    assert "No connection to 127.0.0.1:" in str(steps[-1].detail)
    assert "hush" not in repr(steps)


@services_except(NO_SERVER)
async def test_a_message_nobody_answers_to_is_tried_again(
    declared: Service, http: Http, monkeypatch: pytest.MonkeyPatch, notification: Callable[..., Notification]
) -> None:
    notifier = declared.notifier(tools(http, FakeClock()))
    with pytest.raises(Transient) as caught:
        await notifier.send(target_for(declared, monkeypatch, port=await unused_port()), notification())
    # Apprise does not say why it could not deliver.
    assert caught.value.connection is (declared.key != "apprise")
    assert "hush" not in repr(caught.value)


@services_except(NOT_HTTP)
@pytest.mark.parametrize("echo", ["json", "text"])
async def test_no_text_repeats_a_secret_the_server_sends_back(
    declared: Service,
    http: Http,
    server: FakeServer,
    monkeypatch: pytest.MonkeyPatch,
    notification: Callable[..., Notification],
    echo: str,
) -> None:
    said = f"refused: {' '.join(secrets_for(declared, port=server.port).values())}"
    data: dict[str, Any] = {
        "message": said,
        "errors": [said],
        "status": 0,
        "error": {"code": 1, "message": said},
    }
    server.respond = lambda _request: (
        Reply.of_json(data, status=400) if echo == "json" else Reply(status=400, body=said.encode())
    )
    notifier = declared.notifier(tools(http, FakeClock()))
    target = target_for(declared, monkeypatch, port=server.port)
    with pytest.raises(Exception, match=r"\(hidden\)") as caught:
        await notifier.send(target, notification())
    assert "hush" not in f"{caught.value!r}"
    assert "hush" not in repr(await notifier.test(target))


async def test_a_trial_ends_within_its_time_and_says_so() -> None:
    trial = Trial(clock=FakeClock(), seconds=0.6)

    async def hang() -> Text:
        await asyncio.Event().wait()
        raise AssertionError

    await trial.step("First", hang)
    await trial.step("Second", hang)
    assert [(str(step.name), step.ok, str(step.detail)) for step in trial.steps] == [
        ("First", False, "Timed out after 0.6 s.")
    ]
