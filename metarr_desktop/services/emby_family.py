"""Jellyfin and Emby, which grew from one program: told where to look, and asked what came of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, TypeVar

from pydantic import SecretStr, field_validator

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.events import Action, MediaKind
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.caller import Caller
from metarr_desktop.services.declaration import Delivery
from metarr_desktop.services.emby_calls import EmbyCalls, Flavour, escaped
from metarr_desktop.services.emby_items import ItemSearch, known_films
from metarr_desktop.services.library_folder import above, folder_of, media_event, told_together
from metarr_desktop.services.notifier import MediaServer, Sighting
from metarr_desktop.services.server_calls import Patience, Remedies, ServerCalls, mapping_remedy
from metarr_desktop.services.server_config import ServerConfig, pasted_key
from metarr_desktop.services.shape import word
from metarr_desktop.services.trial import Trial
from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.domain.events import MediaEvent
    from metarr_desktop.domain.media import KnownFilm
    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.declaration import TestStep
    from metarr_desktop.services.tools import Tools

MERGE_WINDOW = timedelta(seconds=10)
SEEN_WITHIN = timedelta(minutes=5)
_CHANGES = {Action.IMPORTED: "Created", Action.DELETED: "Deleted"}


class EmbyFamilyConfig(ServerConfig):
    """An address and a key; the key is declared by each, who say where it is found."""

    usual_port = 8096

    api_key: SecretStr

    @field_validator("api_key")
    @classmethod
    def _is_key(cls, value: SecretStr) -> SecretStr:
        return pasted_key(value)


Config = TypeVar("Config", bound=EmbyFamilyConfig)


class EmbyFamilyNotifier(MediaServer[Config]):
    """Tells the server which folders changed."""

    flavour: ClassVar[Flavour]
    remedies: ClassVar[Remedies]

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        self._caller = Caller(tools.notes)
        self._patience = Patience()

    async def send(self, config: Config, notification: Notification) -> Delivery:
        """Name the folder, and of what is gone the one above; the server looks a minute later."""
        event = media_event(notification, server=self.flavour.title)
        folder = folder_of(notification, server=self.flavour.title)
        events = told_together(notification, event)
        await self._calls(config).updated(_updates(events, folder=folder))
        return Delivery(
            detail=text(
                "{server} was told to look at {folder}.",
                server=self.flavour.title,
                folder=cut(clean(folder), 300),
            )
        )

    async def test(self, config: Config) -> list[TestStep]:
        """Ask who answers, whether the key is good and for an administrator, and what its folders are."""
        calls = self._calls(config)
        libraries: list[tuple[str, list[str]]] = []

        async def connection() -> Text:
            told = await calls.public_info()
            if told.get("StartupWizardCompleted") is False:
                raise Permanent(
                    text("{server} is not set up yet. Open it in the browser.", server=self.flavour.title)
                )
            return text(
                "{server} {version} answers as {name} after {ms} ms.",
                server=self.flavour.title,
                version=cut(clean(word(told, "Version")), 40),
                name=cut(clean(word(told, "ServerName")), 80) or self.flavour.title,
            )

        async def key() -> Text:
            await calls.info()
            return Text("The key is accepted.")

        async def permission() -> Text:
            libraries.extend(await calls.libraries())
            return Text("It may manage the libraries.")

        async def folders() -> Text:
            listed = [f"{name} ({', '.join(places)})" for name, places in libraries if places]
            if not listed:
                return text("{server} has no library yet. Add one there.", server=self.flavour.title)
            return text("Libraries: {libraries}", libraries=cut(clean(", ".join(listed)), 1000))

        trial = Trial(clock=self.clock)
        await trial.step("Connection", connection)
        await trial.step("Key", key)
        await trial.step("Permission", permission)
        await trial.step("Folders", folders)
        return trial.steps

    async def sighting(self, config: Config, event: MediaEvent, *, folder: str) -> Sighting | None:
        """Look once for what an event brought: by its path, then by its ids."""
        return await ItemSearch(calls=self._calls(config), event=event, folder=folder).run()

    async def locations(self, config: Config) -> tuple[str, ...]:
        """Return the folders of its libraries."""
        libraries = await self._calls(config).libraries()
        return tuple(dict.fromkeys(place for _, places in libraries for place in places))

    async def films(self, config: Config) -> Sequence[KnownFilm]:
        """Return its films."""
        return await known_films(self._calls(config))

    def _calls(self, config: Config) -> EmbyCalls:
        key = config.api_key.get_secret_value()
        server = ServerCalls(
            http=self.http,
            clock=self.clock,
            title=self.flavour.title,
            base=config.url,
            remedies=self.remedies,
            patience=self._patience,
            fingerprint=config.fingerprint,
            secrets=(key, escaped(key)),
        )
        return EmbyCalls(server=server, flavour=self.flavour, key=key, caller=self._caller)


def remedies(key: str, title: str, *, where: str) -> Remedies:
    """Return the sentences of one of the two; ``where`` is the page on which keys are made."""
    return Remedies(
        key=f"{title} does not accept this API key. Make one in {title} ({where}) and enter it.",
        rights=f"this key is not an administrator's. Make an API key in {title} ({where}) and enter it.",
        mapping=mapping_remedy(key, title),
        address=f"Check the address: {title} may have a base URL, as in http://192.168.1.30:8096/{key}.",
        other_name="Enter the name it is made out to, http:// in place of https://, or its fingerprint.",
    )


def _updates(events: Sequence[MediaEvent], *, folder: str) -> list[tuple[str, str]]:
    """Return the folders to look at: where the folder itself may be gone, the one above it, too.

    Of a series of which some episodes are gone, the folder stays.
    """
    changes = {_CHANGES.get(event.action, "Modified") for event in events}
    updates = [(folder, changes.pop() if len(changes) == 1 else "Modified")]
    if any(map(_may_be_gone, events)) and (higher := above(folder)):
        updates.append((higher, "Modified"))
    return updates


def _may_be_gone(event: MediaEvent) -> bool:
    moved = event.action in {Action.DELETED, Action.RENAMED}
    return moved and (event.kind is MediaKind.MOVIE or not event.old_files)
