"""Signing in at services: what runs, how it stands, and what becomes of what it brings."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, Any

from metarr_desktop.app.finding_snapshots import SignInPhase, SignInSnapshot
from metarr_desktop.domain.errors import MetarrError, NotFound, Refused
from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.forms import check_field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.forms import PlainValue
    from metarr_desktop.jobs.tasks import Spawn
    from metarr_desktop.services.declaration import Service
    from metarr_desktop.services.notifier import Notifier
    from metarr_desktop.services.sign_in import Offer, Prompt, SignedIn
    from metarr_desktop.storage.service_store import ServiceStore


MOST_ENDED = 5
"""So many that are over are kept for whoever began them."""
FORGOTTEN_S = 30.0
"""One that nobody asked about for so long was left behind, and ends."""
UNEXPECTED = Text("Something unexpected went wrong. See the log.")


class SignInRun:
    """One sign-in from its beginning to its end: the person, as the service sees them."""

    def __init__(self, *, id: int, service: str) -> None:  # noqa: A002 - what it is
        self._snapshot = SignInSnapshot(
            id=id, service=service, version=1, phase=SignInPhase.WORKING, words=Text("Signing in...")
        )
        self._news = asyncio.Event()
        self._chosen: asyncio.Future[str] | None = None
        self._brought: SignedIn | None = None
        self._listeners = 0
        self._asked = True
        self.task: asyncio.Task[None] | None = None

    @property
    def snapshot(self) -> SignInSnapshot:
        """How it stands."""
        return self._snapshot

    async def news(self, *, after: int) -> SignInSnapshot:
        """Return how it stands as soon as that is another version, or it is over."""
        self._asked = True
        self._listeners += 1
        try:
            while self._snapshot.version <= after and not self._snapshot.phase.over:
                await self._news.wait()
        finally:
            self._listeners -= 1
        return self._snapshot

    def was_asked(self) -> bool:
        """Whether anybody asked how it stands since the last time this was called."""
        asked, self._asked = self._asked or self._listeners > 0, False
        return asked

    def choose_offer(self, key: str) -> None:
        """Answer the question that is open. Raises Refused where none is, or for what was not offered."""
        if self._chosen is None or self._chosen.done():
            raise Refused("There is nothing to choose now.")
        if key not in {offered for offered, _ in self._snapshot.offers}:
            raise Refused(text("{name} was not offered.", name=key))
        self._chosen.set_result(key)

    def forget(self) -> None:
        """Let go of what it brought and nobody took: a token has no place to stay but the keyring."""
        self._brought = None

    def cancel(self) -> None:
        """End it; nothing is asked any more, and what it brought already is let go."""
        self.forget()
        if not self._snapshot.phase.over:
            if self.task is not None:
                self.task.cancel()
            self._turn(SignInPhase.CANCELLED, Text("Cancelled."))

    def take(self) -> Draft:
        """Return what goes into the form, once. Raises Refused before the end and the second time."""
        brought, self._brought = self._brought, None
        if brought is None:
            raise Refused("This sign-in brought nothing.")
        return Draft(values=dict(brought.values), secrets=dict(brought.secrets))

    def end(self, brought: SignedIn) -> None:
        """It went well."""
        if not self._snapshot.phase.over:
            self._brought = brought
        self._turn(SignInPhase.DONE, brought.detail, warnings=brought.warnings)

    def fail(self, reason: Text) -> None:
        """It did not."""
        self._turn(SignInPhase.FAILED, reason)

    # What a service says

    def show(self, prompt: Prompt, /) -> None:
        """Say what to do now."""
        self._turn(SignInPhase.WAITING, prompt.words, code=prompt.code, link=prompt.link, until=prompt.until)

    def tell(self, news: Text, /) -> None:
        """Say what is going on."""
        self._turn(SignInPhase.WORKING, news)

    async def choose(self, question: Text, offers: Sequence[Offer], /) -> Offer:
        """Wait for the choice."""
        self._chosen = asyncio.get_running_loop().create_future()
        self._turn(SignInPhase.CHOOSING, question, offers=tuple((offer.key, offer.title) for offer in offers))
        key = await self._chosen
        return next(offer for offer in offers if offer.key == key)

    def _turn(self, phase: SignInPhase, words: Text, **more: Any) -> None:
        old = self._snapshot
        if old.phase.over:
            return
        self._snapshot = SignInSnapshot(
            id=old.id, service=old.service, version=old.version + 1, phase=phase, words=words, **more
        )
        self._news.set()
        self._news = asyncio.Event()


class SignInDesk:
    """Begins sign-ins and keeps those that run; one for each service."""

    def __init__(
        self,
        *,
        services: Sequence[Service],
        notifiers: Mapping[str, Notifier[Any]],
        store: ServiceStore,
        spawn: Spawn,
        clock: Clock,
    ) -> None:
        self._services = {service.key: service for service in services}
        self._notifiers = notifiers
        self._store = store
        self._spawn = spawn
        self._clock = clock
        self._numbers = count(1)
        self._runs: dict[int, SignInRun] = {}

    async def begin(self, key: str, values: Mapping[str, PlainValue] | None = None) -> SignInRun:
        """Begin to sign in at a service, with what stands in the form or, without, is stored.

        One that runs for it ends. Raises NotFound, or Refused where a field is to be filled first.
        """
        service = self._services.get(key)
        if service is None:
            raise NotFound(text("There is no service called {service}.", service=key))
        if service.sign_in is None:
            raise Refused(text("There is no sign-in for {service}.", service=service.title))
        used = dict((await self._store.row(key)).values if values is None else values)
        for field in service.sign_in.needs:
            complaint = check_field(service, field, used.get(field) or "")
            if complaint is not None:
                raise Refused(complaint)
        for other in self._runs.values():
            if other.snapshot.service == key:
                other.cancel()
        run = SignInRun(id=next(self._numbers), service=key)
        self._keep(run)
        run.task = self._spawn(self._follow(run, service, used), name=f"sign in at {key}")
        self._spawn(self._watch(run), name=f"watch the sign-in at {key}")
        return run

    def run(self, id: int) -> SignInRun:  # noqa: A002 - what it is
        """Return one of those that run or ended not long ago. Raises NotFound."""
        if id not in self._runs:
            raise NotFound("This sign-in is over. Start again.")
        return self._runs[id]

    async def _follow(self, run: SignInRun, service: Service, values: Mapping[str, PlainValue]) -> None:
        assert service.sign_in is not None  # noqa: S101 - looked at before
        try:
            run.end(await service.sign_in.steps(self._notifiers[service.key].tools, values, run))
        except MetarrError as error:
            run.fail(error.text)
        except asyncio.CancelledError:
            run.cancel()
            raise
        finally:
            # What nobody expected is logged by who watches this task.
            if not run.snapshot.phase.over:
                run.fail(UNEXPECTED)

    async def _watch(self, run: SignInRun) -> None:
        """End a run that nobody asks about any more, as where its command line was closed.

        What it brought at its end is kept no longer either.
        """
        while not run.snapshot.phase.over:
            await self._clock.sleep(FORGOTTEN_S)
            if not run.was_asked():
                run.cancel()
        await self._clock.sleep(FORGOTTEN_S)
        run.forget()

    def _keep(self, run: SignInRun) -> None:
        ended = [number for number, other in self._runs.items() if other.snapshot.phase.over]
        for number in ended[:-MOST_ENDED]:
            del self._runs[number]
        self._runs[run.snapshot.id] = run
