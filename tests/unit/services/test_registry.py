"""What every declared service promises, whichever it is."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from metarr_desktop.domain.errors import Transient
from metarr_desktop.services.declaration import MediaServerConfig, MessageConfig
from metarr_desktop.services.forms import build_config, field_specs, secret_fields
from metarr_desktop.services.registry import SERVICES, service
from metarr_desktop.services.trial import Trial
from tests.fakes import FakeClock, tools
from tests.fakes_http import FakeServer, Reply, unused_port

if TYPE_CHECKING:
    from collections.abc import Callable

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
    "pushover": {"token": "hushhushhushhushhushhushhushhu", "user_key": "hushhushhushhushhushhushhushhu"},
}

every_service = pytest.mark.parametrize("declared", SERVICES, ids=lambda each: each.key)


def config_for(declared: Service, monkeypatch: pytest.MonkeyPatch, *, port: int) -> ServiceConfig:
    """Settings that lead to this computer."""
    monkeypatch.setenv(f"METARR_{declared.key.upper()}_BASE", f"http://127.0.0.1:{port}")
    names = {spec.name for spec in field_specs(declared)}
    plain: dict[str, object] = {"host": "127.0.0.1", "port": port} if {"host", "port"} <= names else {}
    if "url" in names:
        plain["url"] = f"http://127.0.0.1:{port}"
    return build_config(declared, plain, SECRETS[declared.key])


def test_services_stand_in_the_order_people_see() -> None:
    keys = ["kodi", "jellyfin", "emby", "plex", "discord", "pushover"]
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
    assert {name for name in fields if suspicious.search(name)} == set(secret_fields(declared))


@every_service
def test_neither_repr_nor_json_of_the_settings_shows_a_secret(
    declared: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_for(declared, monkeypatch, port=1)
    assert "hush" not in f"{config!r} {config} {config.model_dump_json()} {config.model_dump()}"


@every_service
async def test_a_test_never_raises_where_nobody_answers(
    declared: Service, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    notifier = declared.notifier(tools(http, FakeClock()))
    steps = await notifier.test(config_for(declared, monkeypatch, port=await unused_port()))
    assert not steps[-1].ok
    assert "No connection to 127.0.0.1:" in str(steps[-1].detail)
    assert "hush" not in repr(steps)


@every_service
async def test_a_message_nobody_answers_to_is_tried_again(
    declared: Service, http: Http, monkeypatch: pytest.MonkeyPatch, notification: Callable[..., Notification]
) -> None:
    notifier = declared.notifier(tools(http, FakeClock()))
    with pytest.raises(Transient) as caught:
        await notifier.send(config_for(declared, monkeypatch, port=await unused_port()), notification())
    assert caught.value.connection
    assert "hush" not in repr(caught.value)


@every_service
@pytest.mark.parametrize("echo", ["json", "text"])
async def test_no_text_repeats_a_secret_the_server_sends_back(
    declared: Service,
    http: Http,
    server: FakeServer,
    monkeypatch: pytest.MonkeyPatch,
    notification: Callable[..., Notification],
    echo: str,
) -> None:
    said = f"refused: {' '.join(SECRETS[declared.key].values())}"
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
    config = config_for(declared, monkeypatch, port=server.port)
    with pytest.raises(Exception, match=r"\(hidden\)") as caught:
        await notifier.send(config, notification())
    assert "hush" not in f"{caught.value!r}"
    assert "hush" not in repr(await notifier.test(config))


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
