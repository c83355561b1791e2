"""A service with players, for tests: each player is a web server, and a refresh is one POST to it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, SecretStr

from metarr_desktop.domain.errors import AuthFailed, NotNow, Transient
from metarr_desktop.domain.retry import RetryPolicy
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.declaration import (
    REFRESHES,
    Delivery,
    Group,
    MediaServerConfig,
    Service,
    ServiceConfig,
    TestStep,
)
from metarr_desktop.services.http import LAN
from metarr_desktop.services.notifier import Notifier

if TYPE_CHECKING:
    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.declaration import Member

UNAUTHORIZED, BUSY, OK = 401, 409, 200
LATER = timedelta(minutes=10)


class Player(ServiceConfig):
    """One player."""

    host: Annotated[str, Field(title="Host", max_length=253)]
    port: Annotated[int, Field(title="Port", ge=1, le=65535)] = 8080
    password: Annotated[SecretStr, Field(title="Password")] = SecretStr("")


class HouseConfig(Player, MediaServerConfig):
    """One player, with what holds for all."""

    skip_playing: Annotated[bool, Field(title="Do not scan while a video plays")] = True


class HouseNotifier(Notifier[Group]):
    """Tells the first player of a group that takes it."""

    async def send(self, config: Group, notification: Notification) -> Delivery:
        anyway = await self.notes.get(f"anyway/{notification.job_id}") is not None
        for member in config.members:
            status = await self._ask(member, f"/scan?anyway={anyway}", folder=notification.folder or "")
            if status == OK:
                return Delivery(detail=text("{player} scanned.", player=member.name))
            if status == UNAUTHORIZED:
                raise AuthFailed("The password was rejected.")
            if status == BUSY and not anyway:
                raise NotNow("A video plays.", until=self.clock.now() + LATER)
        raise Transient("Nobody took it.")

    async def test(self, config: Group) -> list[TestStep]:
        (member,) = config.members
        ok = await self._ask(member, "/ping", folder="") == OK
        return [TestStep(name=Text("Connection"), ok=ok, detail=text("{player}", player=member.name))]

    async def _ask(self, member: Member, path: str, *, folder: str) -> int:
        player = member.config
        assert isinstance(player, HouseConfig)
        answer = await self.http.request(
            "POST",
            f"http://{player.host}:{player.port}{path}",
            reach=LAN,
            json_body={"folder": folder, "password": player.password.get_secret_value()},
        )
        return answer.status


HOUSE = Service(
    key="house",
    title="House",
    config=HouseConfig,
    member=Player,
    notifier=HouseNotifier,
    docs="docs/services/kodi-households.md",
    retry=RetryPolicy(max_retries=1),
    waits_for_scan=True,
    merge_window=timedelta(seconds=1),
    events=REFRESHES,
)
