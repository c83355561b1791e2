"""Plex: every library that holds a folder scans just that folder. https://developer.plex.tv/pms/."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, SecretStr, field_validator

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.retry import RetryPolicy
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.caller import Caller
from metarr_desktop.services.declaration import REFRESHES, Delivery, Service
from metarr_desktop.services.library_folder import folder_of, media_event, told_together
from metarr_desktop.services.notifier import MediaServer
from metarr_desktop.services.plex_calls import PlexCalls
from metarr_desktop.services.plex_finder import find_plex
from metarr_desktop.services.plex_items import PlexSearch, known_films
from metarr_desktop.services.plex_scan import PlexScan
from metarr_desktop.services.plex_sections import TYPES, holding
from metarr_desktop.services.plex_sign_in import PLEX_SIGN_IN
from metarr_desktop.services.server_calls import Patience, Remedies, ServerCalls, mapping_remedy
from metarr_desktop.services.server_config import ServerConfig, pasted_key
from metarr_desktop.services.trial import Trial
from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.domain.events import MediaEvent
    from metarr_desktop.domain.media import KnownFilm
    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.declaration import TestStep
    from metarr_desktop.services.notifier import Sighting
    from metarr_desktop.services.plex_sections import Section
    from metarr_desktop.services.tools import Tools

REMEDIES = Remedies(
    key="Plex does not accept this token. Get a new one, as the page on Plex says, and enter it.",
    rights="this token is not the server owner's. Enter the token of the account that owns the server.",
    mapping=mapping_remedy("plex", "Plex"),
    address="Check the address, such as http://192.168.1.30:32400.",
    other_name=(
        "Plex has certificates for its plex.direct names only: enter that name, http:// in place of"
        " https://, or the fingerprint."
    ),
)
LOOKS = "Plex was told to look at {folder} in {libraries}."
LOOKS_EVERYWHERE = "{folder} is in no Plex library, so Plex was told to scan all of {libraries}."


class PlexConfig(ServerConfig):
    """One Plex Media Server."""

    usual_port = 32400

    token: Annotated[
        SecretStr, Field(title="Token", description="The X-Plex-Token of the account that owns the server.")
    ]
    scan_everything: Annotated[
        bool,
        Field(
            title="Scan the whole library where no folder fits",
            description="Slow, and the film is not found unless it lies in one of its folders after all.",
            json_schema_extra={"advanced": True},
        ),
    ] = False
    analyze: Annotated[
        bool,
        Field(
            title="Analyze afterwards",
            description="Has Plex analyze the library after the scan.",
            json_schema_extra={"advanced": True},
        ),
    ] = False
    empty_trash: Annotated[
        bool,
        Field(
            title="Empty the trash afterwards",
            description="After an upgrade, rename or deletion. Do not use it with drives that may be off.",
            json_schema_extra={"advanced": True},
        ),
    ] = False

    @field_validator("token")
    @classmethod
    def _is_token(cls, value: SecretStr) -> SecretStr:
        return pasted_key(value)


class PlexNotifier(MediaServer[PlexConfig]):
    """Starts scans. Plex answers OK to any folder, so the right library is found out first."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        self._caller = Caller(tools.notes)
        self._patience = Patience()

    async def send(self, config: PlexConfig, notification: Notification) -> Delivery:
        """Scan the folder in every library that holds it, and do what is to follow."""
        event = media_event(notification, server="Plex")
        folder = folder_of(notification, server="Plex")
        events = told_together(notification, event)
        scan = PlexScan(calls=self._calls(config), clock=self.clock, events=events, folder=folder)
        sections = await scan.start(everything=config.scan_everything)
        warnings = await scan.follow(sections, analyze=config.analyze, empty_trash=config.empty_trash)
        template = LOOKS if holding(sections, folder) else LOOKS_EVERYWHERE
        libraries = ", ".join(section.title for section in sections)
        return Delivery(
            detail=text(template, folder=cut(clean(folder), 300), libraries=cut(clean(libraries), 200)),
            warnings=warnings,
        )

    async def test(self, config: PlexConfig) -> list[TestStep]:
        """Ask who answers, whether the token is good, and what its libraries are; nothing is scanned."""
        calls = self._calls(config)
        sections: list[Section] = []

        async def connection() -> Text:
            _, version = await calls.identity()
            return text("Plex {version} answers after {ms} ms.", version=cut(clean(version), 60))

        async def token() -> Text:
            sections.extend(each for each in await calls.sections() if each.type in TYPES.values())
            return Text("The token is accepted.")

        async def libraries() -> Text:
            if not sections:
                raise Permanent("Plex has no library of films, series or music. Add one in Plex.")
            listed = [f"{each.title} ({', '.join(each.locations)})" for each in sections]
            return text("Libraries: {libraries}", libraries=cut(clean(", ".join(listed)), 1000))

        trial = Trial(clock=self.clock)
        await trial.step("Connection", connection)
        await trial.step("Token", token)
        await trial.step("Libraries", libraries)
        return trial.steps

    async def sighting(self, config: PlexConfig, event: MediaEvent, *, folder: str) -> Sighting | None:
        """Look once for what an event brought: by its path, then by its ids."""
        return await PlexSearch(calls=self._calls(config), event=event, folder=folder).run()

    async def locations(self, config: PlexConfig) -> tuple[str, ...]:
        """Return the folders of its libraries of films, series and music."""
        sections = await self._calls(config).sections()
        wanted = [section for section in sections if section.type in TYPES.values()]
        return tuple(dict.fromkeys(place for section in wanted for place in section.locations))

    async def films(self, config: PlexConfig) -> Sequence[KnownFilm]:
        """Return its films."""
        return await known_films(self._calls(config))

    def _calls(self, config: PlexConfig) -> PlexCalls:
        token = config.token.get_secret_value()
        server = ServerCalls(
            http=self.http,
            clock=self.clock,
            title="Plex",
            base=config.url,
            remedies=REMEDIES,
            patience=self._patience,
            fingerprint=config.fingerprint,
            secrets=(token,),
        )
        return PlexCalls(server=server, token=token, caller=self._caller)


SERVICE = Service(
    key="plex",
    title="Plex",
    config=PlexConfig,
    notifier=PlexNotifier,
    finder=find_plex,
    sign_in=PLEX_SIGN_IN,
    docs="docs/services/plex.md",
    retry=RetryPolicy(patient=True),
    waits_for_scan=True,
    merge_window=timedelta(seconds=10),
    seen_within=timedelta(minutes=5),
    events=REFRESHES,
)
