"""What there is to see of senders."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from metarr_desktop.app.sender_snapshots import (
    RootFolder,
    SenderIssue,
    SenderSnapshot,
    SenderState,
    SenderType,
)
from metarr_desktop.app.snapshots import ServiceForm
from metarr_desktop.domain.errors import NotFound
from metarr_desktop.domain.knowledge import Knowledge, Trouble, names_of
from metarr_desktop.domain.paths import is_inside, map_path
from metarr_desktop.domain.senders import slug
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.forms import check_field, field_specs, secret_fields
from metarr_desktop.webhooks.visit import not_there

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metarr_desktop.app.receiving import Receiving
    from metarr_desktop.app.sender_keys import SenderKeys
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.forms import PlainValue
    from metarr_desktop.domain.paths import PathMapping
    from metarr_desktop.domain.senders import Sender
    from metarr_desktop.storage.issue_store import HealthIssue, IssueStore
    from metarr_desktop.storage.library_store import LibraryStore
    from metarr_desktop.storage.secrets import SecretStore
    from metarr_desktop.storage.sender_store import SenderStore
    from metarr_desktop.webhooks.sources.declaration import Source

DAY = timedelta(days=1)
TROUBLE_STATES = {
    Trouble.UNREACHABLE: SenderState.UNREACHABLE,
    Trouble.KEY_REJECTED: SenderState.KEY_REJECTED,
    Trouble.WRONG_PROGRAM: SenderState.WRONG_PROGRAM,
}


class SenderViews:
    """Reads of senders; nothing here asks a sender."""

    def __init__(
        self,
        *,
        sources: Sequence[Source],
        store: SenderStore,
        issues: IssueStore,
        library: LibraryStore,
        secrets: SecretStore,
        keys: SenderKeys,
        receiving: Receiving,
        clock: Clock,
    ) -> None:
        self._sources = {source.key: source for source in sources}
        self._store = store
        self._issues = issues
        self._library = library
        self._secrets = secrets
        self._keys = keys
        self._receiving = receiving
        self._clock = clock

    def types(self) -> tuple[SenderType, ...]:
        """Every kind of sender there can be."""
        return tuple(
            SenderType(key=source.key, title=source.title, can_connect=source.interface is not None)
            for source in self._sources.values()
            if source.routed
        )

    async def senders(self, *, port: int) -> tuple[SenderSnapshot, ...]:
        """Every sender, by type and name."""
        counts = await self._store.counts_since(self._clock.now() - DAY)
        issues, mappings = await self._issues.open(), await self._library.mappings()
        libraries = [str(folder.path) for folder in await self._library.libraries()]
        senders = await self._store.senders()
        return tuple(
            self._snapshot(
                sender,
                names=names_of(sender, senders),
                counts=counts,
                issues=issues,
                mappings=mappings,
                libraries=libraries,
                port=port,
            )
            for sender in senders
        )

    async def standing(self, *, port: int) -> tuple[SenderSnapshot, ...]:
        """Every sender as it stands, without what takes longer to look up."""
        senders = await self._store.senders()
        return tuple(
            self._snapshot(
                each, names=frozenset(), counts={}, issues=(), mappings=(), libraries=(), port=port
            )
            for each in senders
        )

    async def sender(self, name: str, *, port: int) -> SenderSnapshot:
        """One sender. Raises NotFound."""
        wanted = await self._store.sender(name)
        return next(each for each in await self.senders(port=port) if each.id == wanted.id)

    async def form(self, name: str) -> ServiceForm:
        """What the page of a sender starts from. Raises NotFound."""
        sender = await self._store.sender(name)
        source = self._source(sender.type)
        filled = frozenset(
            field
            for field in secret_fields(source)
            if field in sender.kept_secrets or self._secrets.provided(f"{sender.secret_prefix}/{field}")
        )
        return _form(
            source, key=sender.name, values={**sender.values, "url": sender.url}, filled=filled,
            enabled=sender.enabled,
        )  # fmt: skip

    def empty_form(self, type: str) -> ServiceForm:  # noqa: A002 - the public word
        """What adding a sender of this type starts from. Raises NotFound."""
        return _form(self._source(type), key=type, values={}, filled=frozenset(), enabled=True)

    def check_field(self, type: str, field: str, value: PlainValue) -> Text | None:  # noqa: A002
        """Return what is wrong with one value as typed, or None. Raises NotFound."""
        return check_field(self._source(type), field, value)

    async def secret(self, name: str, field: str) -> str | None:
        """Return a secret for the person to see. Raises NotFound or SecretsUnavailable."""
        sender = await self._store.sender(name)
        return await self._secrets.get(f"{sender.secret_prefix}/{field}")

    async def address(self, name: str, *, port: int) -> str:
        """Return the address to paste into a sender, with its key where one is needed.

        Raises NotFound or SecretsUnavailable.
        """
        sender = await self._store.sender(name)
        own = await self._keys.known(sender)
        return await self._receiving.sender_address(sender, port=port, own_key=own)

    def _snapshot(
        self,
        sender: Sender,
        *,
        names: frozenset[str],
        counts: Mapping[tuple[str, str], int],
        issues: Sequence[HealthIssue],
        mappings: Sequence[PathMapping],
        libraries: Sequence[str],
        port: int,
    ) -> SenderSnapshot:
        source, known = self._sources.get(sender.type), Knowledge.of(sender)
        title = sender.type if source is None else source.title
        can_connect = source is not None and source.interface is not None
        state = _state(sender, known, can_connect=can_connect)
        return SenderSnapshot(
            id=sender.id,
            type=sender.type,
            type_title=title,
            name=sender.name,
            slug=sender.slug,
            enabled=sender.enabled,
            url=sender.url,
            can_connect=can_connect,
            state=state,
            detail=_detail(sender, known, state),
            version=known.version,
            webhook_address=self._receiving.plain_address(sender, port=port),
            last_contact=sender.last_contact,
            events_24h=sum(
                count
                for (kind, instance), count in counts.items()
                if kind == sender.type and slug(instance or title) in names
            ),
            root_folders=tuple(
                _root_folder(path, sender, mappings, libraries) for path in known.root_folders
            ),
            missed=known.missed,
            last_catch_up=known.last_catch_up,
            issues=tuple(
                SenderIssue.of(issue)
                for issue in issues
                if issue.source == sender.type and slug(issue.instance or title) in names
            ),
        )

    def _source(self, key: str) -> Source:
        source = self._sources.get(key)
        if source is None:
            raise NotFound(text("There is no source called {source}.", source=key))
        return source


def _state(sender: Sender, known: Knowledge, *, can_connect: bool) -> SenderState:
    if not sender.enabled:
        return SenderState.OFF
    if not can_connect or not sender.url:
        return SenderState.SEEN
    if known.trouble is not None:
        return TROUBLE_STATES[known.trouble]
    if known.webhook_id is None:
        return SenderState.NOT_CONNECTED
    if known.wanted_url:
        return SenderState.ADDRESS_CHANGED
    return SenderState.STOPPED_CALLING if known.stopped else SenderState.CONNECTED


def _detail(sender: Sender, known: Knowledge, state: SenderState) -> Text | None:
    if state in TROUBLE_STATES.values():
        return known.trouble_text
    if state is SenderState.ADDRESS_CHANGED:
        return address_changed(sender, known)
    if state is SenderState.STOPPED_CALLING:
        return stopped_calling(sender)
    if state is SenderState.NOT_CONNECTED and known.connected_at is not None:
        return not_there(sender)
    return None


def address_changed(sender: Sender, known: Knowledge) -> Text:
    """Say that a sender still calls an address of before."""
    new, old = urlsplit(known.wanted_url).netloc, urlsplit(known.webhook_url).netloc
    if new == old:  # only the path is another one
        new, old = known.wanted_url, known.webhook_url
    return text(
        "This computer is now {new}. {sender} still sends to {old}.", new=new, sender=sender.name, old=old
    )


def stopped_calling(sender: Sender) -> Text:
    """Say that a sender gave up on us for a while."""
    return text("{sender} stopped calling after failed deliveries.", sender=sender.name)


def _root_folder(
    path: str, sender: Sender, mappings: Sequence[PathMapping], libraries: Sequence[str]
) -> RootFolder:
    own = [each for each in mappings if slug(each.scope) == sender.slug]
    of_type = [each for each in mappings if each.scope == sender.type]
    here = map_path(path, own) or map_path(path, of_type)
    if here is None and any(is_inside(path, library) for library in libraries):
        here = path
    library = here is not None and any(is_inside(here, each) for each in libraries)
    return RootFolder(path=path, here=here, library=library)


def _form(
    source: Source,
    *,
    key: str,
    values: Mapping[str, PlainValue],
    filled: frozenset[str],
    enabled: bool,
) -> ServiceForm:
    fields = field_specs(source)
    plain = {field.name: field.default for field in fields if field.kind != "secret"}
    return ServiceForm(
        key=key,
        title=source.title,
        enabled=enabled,
        fields=fields,
        values={**plain, **{name: value for name, value in values.items() if name in plain}},
        secrets_set=filled,
        docs=source.docs,
        takes_messages=False,
    )
