"""The HTTP API, its stream and the metrics of a real core in this process, over real sockets."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from pydantic import TypeAdapter

from metarr_desktop.app.api_forms import ErrorJson, MessageJson
from metarr_desktop.app.api_operations import OPERATIONS
from metarr_desktop.app.api_stream import MOST_STREAMS
from metarr_desktop.app.core import Core, open_core
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.jobs import NewJob
from metarr_desktop.services.registry import SERVICES
from tests.fakes import MemorySecretStore, eventually
from tests.integration.fake_discord import TOKEN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.integration.fake_discord import FakeDiscord

KEY = "the-key-of-the-api"
BASIC = base64.b64encode(f"anybody:{KEY}".encode()).decode()


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def message(self) -> str:
        """The sentence of an error, whose form is checked on the way."""
        TypeAdapter(ErrorJson).validate_python(self.json, strict=True)
        message: str = self.json["error"]["message"]
        return message


@dataclass
class Program:
    """A running core and a client that has its key."""

    core: Core
    session: aiohttp.ClientSession
    base: str

    async def ask(self, path: str, *, method: str = "GET", key: str | None = KEY, **options: Any) -> Answer:
        headers = {**({} if key is None else {"X-Api-Key": key}), **options.pop("headers", {})}
        address = self.base + (path if path.startswith("/metrics") else f"/api/v1{path}")
        async with self.session.request(method, address, headers=headers, **options) as answer:
            return Answer(answer.status, answer.headers.copy(), await answer.read())

    async def post(self, path: str, **options: Any) -> Answer:
        return await self.ask(path, method="POST", **options)

    async def webhook(self, body: bytes) -> dict[str, Any]:
        async with self.session.post(
            f"{self.base}/webhooks/radarr", data=body, headers={"Content-Type": "application/json"}
        ) as answer:
            assert answer.status == 200
            result: dict[str, Any] = await answer.json()
            return result

    def stream(self, **options: Any) -> Any:
        return self.session.ws_connect(
            f"{self.base}/api/v1/events", headers={"X-Api-Key": KEY, **options.pop("headers", {})}, **options
        )

    async def drained(self) -> None:
        async def empty() -> bool:
            return not await self.core.queries.jobs()

        await eventually(empty)


@pytest.fixture
def secrets() -> MemorySecretStore:
    store = MemorySecretStore()
    store.until_quit["api/key"] = KEY
    return store


@pytest.fixture
def opened(
    tmp_path: Path, secrets: MemorySecretStore, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> Any:
    monkeypatch.setenv("METARR_DISCORD_BASE", discord.base)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Program]:
        async with (
            aiohttp.ClientSession() as session,
            open_core(AppPaths(tmp_path / "data"), serve=True, port=0, secrets=secrets) as core,
        ):
            listening = core.queries.listening()
            assert listening is not None
            yield Program(core, session, f"http://127.0.0.1:{listening.port}")

    return opened


@pytest.fixture
async def program(opened: Any) -> AsyncIterator[Program]:
    async with opened() as program:
        yield program


async def set_up_discord(program: Program, discord: FakeDiscord) -> None:
    await program.core.commands.save_service(
        "discord", Draft(secrets={"webhook_url": discord.webhook_url}), enabled=True
    )


async def imported(program: Program, discord: FakeDiscord, download: bytes) -> int:
    """Let one film be imported and told; returns the webhook's id."""
    await set_up_discord(program, discord)
    event_id: int = (await program.webhook(download))["eventId"]
    await program.drained()
    return event_id


async def waiting(program: Program, count: int) -> list[int]:
    """Add jobs that wait while deliveries are paused; returns their ids."""
    await program.core.commands.pause()
    new = [NewJob(type="notify-discord", lane="discord", priority=5, payload={}) for _ in range(count)]
    store = program.core.queries._job_store
    added = await store.add(new, now=program.core.queries._clock.now())
    return [job.id for job in added.jobs]


# --- The key ---


async def test_nobody_is_answered_without_the_key_not_even_this_computer(program: Program) -> None:
    for path in ("/status", "/openapi.json", "/nothing", "/metrics"):
        answer = await program.ask(path, key=None)
        assert answer.status == 401
        assert answer.message == (
            "The key of the API is wrong or missing. Run this to see it: metarr-desktop api key show"
        )
    assert (await program.post("/pause", key="wrong")).status == 401
    assert not program.core.queries.pause().paused


@pytest.mark.parametrize(
    "options",
    [
        {"key": KEY},
        {"key": None, "params": {"apikey": KEY}},
        {"key": None, "headers": {"Authorization": f"Bearer {KEY}"}},
        {"key": None, "headers": {"Authorization": f"Basic {BASIC}"}},
    ],
)
async def test_the_key_is_taken_in_each_usual_place(program: Program, options: dict[str, Any]) -> None:
    for path in ("/status", "/metrics"):
        assert (await program.ask(path, **options)).status == 200


async def test_wrong_keys_are_slowed_and_the_right_one_is_not(program: Program) -> None:
    async def guess() -> tuple[int, float]:
        began = time.monotonic()
        return (await program.ask("/status", key="guess")).status, time.monotonic() - began

    for _ in range(5):
        assert (await guess())[0] == 401
    guesses = [asyncio.ensure_future(guess()) for _ in range(5)]
    await asyncio.sleep(0.1)
    began = time.monotonic()
    assert (await program.ask("/status")).status == 200
    assert time.monotonic() - began < 0.5
    done, slow = await asyncio.wait(guesses, return_when=asyncio.FIRST_COMPLETED)
    assert {each.result()[0] for each in done} == {429}
    too_many = await program.ask("/status", key="guess")
    assert (too_many.status, too_many.json["error"]["kind"]) == (429, "too_many")
    assert len(slow) == 4
    done, slow = await asyncio.wait(slow, return_when=asyncio.FIRST_COMPLETED)
    ((status, took),) = [each.result() for each in done]
    assert (status, took > 0.9) == (401, True)
    for each in slow:
        each.cancel()
    await asyncio.wait(slow)


async def test_the_key_of_webhooks_is_no_key_of_the_api(program: Program, secrets: MemorySecretStore) -> None:
    await program.core.commands.new_key()
    assert (await program.ask("/status", key=secrets.secrets["receiving/key"])).status == 401


async def test_before_a_key_is_made_the_answer_says_how_to_get_one(
    opened: Any, secrets: MemorySecretStore
) -> None:
    del secrets.until_quit["api/key"]
    async with opened() as program:
        answer = await program.ask("/status", key="")
        assert (answer.status, answer.message) == (
            401,
            "The API has no key yet. Run this to make one: metarr-desktop api key show",
        )
        key = await program.core.api_key.show()
        assert (await program.ask("/status", key=key)).status == 200
        renewed = await program.core.api_key.renew()
        assert (await program.ask("/status", key=key)).status == 401
        assert (await program.ask("/status", key=renewed)).status == 200
        asked = len(secrets.asked)
        await program.ask("/status", key=renewed)
        assert len(secrets.asked) == asked


@pytest.mark.parametrize("headers", [{"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}])
async def test_web_pages_are_refused_even_with_the_key(program: Program, headers: dict[str, str]) -> None:
    for path in ("/status", "/metrics"):
        answer = await program.ask(path, headers=headers)
        assert (answer.status, answer.message) == (403, "Web pages may not call Metarr Desktop.")
        assert answer.json["error"]["kind"] == "forbidden"
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await program.stream(headers=headers)
    assert refused.value.status == 403


# --- Operations ---


async def test_every_answer_has_the_form_that_the_document_tells(
    program: Program, discord: FakeDiscord, download: bytes, tmp_path: Path
) -> None:
    event_id = await imported(program, discord, download)
    await program.core.commands.add_mapping("radarr", "/movies", "/data/movies")
    (tmp_path / "films").mkdir()
    await program.core.commands.add_library(str(tmp_path / "films"))
    bodies: dict[str, dict[str, Any]] = {
        "scanPath": {"json": {"path": str(tmp_path / "films" / "Dune (2021)")}}
    }
    (waiting_id,) = await waiting(program, 1)
    ended_id = (await program.ask("/history")).json[0]["job_id"]
    (cancelled_id,) = await waiting(program, 1)
    values = {"{event_id}": event_id, "{key}": "discord"}
    job_ids = {"cancelJob": cancelled_id, "runJob": waiting_id, "retryJob": ended_id, "getJob": ended_id}
    for operation in OPERATIONS:
        path = operation.path.replace("{job_id}", str(job_ids.get(operation.name, 0)))
        for place, value in values.items():
            path = path.replace(place, str(value))
        answer = await program.ask(path, method=operation.method, **bodies.get(operation.name, {}))
        assert answer.status == 200, (operation.name, answer.body)
        form = TypeAdapter(operation.result)
        # What the type does not name is dropped in reading: nothing may be.
        assert form.dump_python(form.validate_json(answer.body), mode="json") == answer.json, operation.name
        if operation.method == "GET":
            head = await program.ask(f"{path}/", method="HEAD")
            assert (head.status, head.body) == (200, b"")
    queued = await program.ask(f"/jobs/{waiting_id}")
    assert set(queued.json) >= {"attempts", "run_after", "status"}


async def test_jobs_and_events_are_told_as_they_are(
    program: Program, discord: FakeDiscord, download: bytes
) -> None:
    event_id = await imported(program, discord, download)
    (event,) = (await program.ask("/events")).json
    assert event == {
        "id": event_id,
        "source": "radarr",
        "instance": event["instance"],
        "event_type": "Download",
        "title": "The Matrix (1999)",
        "received_at": event["received_at"],
        "outcome": "done",
        "recovered": False,
    }
    detail = (await program.ask(f"/events/{event_id}")).json
    assert {**event, "jobs": [], "ended": detail["ended"]} == detail
    assert {row["type"] for row in detail["ended"]} == {"webhook-received", "scan-movie", "notify-discord"}
    (delivered,) = (await program.ask("/history", params={"type": "notify-discord"})).json
    assert (delivered["status"], delivered["subject"]) == ("completed", "The Matrix (1999)")
    assert (await program.ask(f"/jobs/{delivered['job_id']}")).json == delivered
    assert (await program.ask("/history", params={"status": "failed"})).json == []
    assert len((await program.ask("/history", params={"text": "matrix", "source": "radarr"})).json) == 3


async def test_a_job_is_retried_and_a_webhook_replayed(
    program: Program, discord: FakeDiscord, download: bytes
) -> None:
    discord.script = [(400, {"message": "Cannot send an empty message", "code": 50006})]
    event_id = await imported(program, discord, download)
    assert discord.messages == []
    assert (await program.post("/jobs/retry-failed")).json == {"retried": 1}
    await program.drained()
    assert len(discord.messages) == 1
    root = (await program.post(f"/events/{event_id}/replay")).json["job_id"]
    await program.drained()
    assert len(discord.messages) == 2
    assert (await program.ask(f"/jobs/{root}")).json["type"] == "webhook-received"
    delivered = (await program.ask("/history", params={"type": "notify-discord"})).json[0]["job_id"]
    again = (await program.post(f"/jobs/{delivered}/retry")).json["job_id"]
    await program.drained()
    assert (again > delivered, len(discord.messages)) == (True, 3)
    assert len((await program.ask(f"/events/{event_id}")).json["ended"]) == 8


async def test_deliveries_are_paused_and_go_on(program: Program) -> None:
    assert (await program.post("/pause")).json == {"paused": True, "until": None}
    assert (await program.ask("/lanes")).json[0]["state"] == "paused"
    paused = await program.post("/pause", json={"minutes": 5})
    assert paused.json["until"] == (await program.ask("/status")).json["paused_until"] is not None
    assert (await program.post("/resume", json={})).json == {"paused": False, "until": None}
    assert not program.core.queries.pause().paused


async def test_what_cannot_be_done_is_told(program: Program) -> None:
    (job_id,) = await waiting(program, 1)
    assert (await program.post(f"/jobs/{job_id}/cancel")).json == {"job_id": job_id}
    answer = await program.post(f"/jobs/{job_id}/cancel")
    assert (answer.status, answer.message) == (404, f"Job {job_id} is not in the queue.")
    for path in ("/jobs/999", "/events/999"):
        answer = await program.ask(path)
        assert (answer.status, answer.json["error"]["kind"]) == (404, "not_found")
    answer = await program.post("/services/nobody/test")
    assert (answer.status, answer.message) == (404, "There is no service called nobody.")
    await program.core.commands.resume()


async def test_a_path_or_a_method_that_is_none_is_told(program: Program) -> None:
    answer = await program.ask("/nothing/here")
    assert (answer.status, answer.message) == (
        404,
        "There is nothing at /api/v1/nothing/here. /api/v1/openapi.json tells what there is.",
    )
    for path, method, allowed in (
        ("/status", "POST", "GET, HEAD"),
        ("/openapi.json", "DELETE", "GET, HEAD"),
        ("/metrics", "POST", "GET, HEAD"),
        ("/jobs/retry-failed", "GET", "POST"),
        ("/pause", "HEAD", "POST"),
        ("/jobs/1/retry", "PUT", "POST"),
    ):
        answer = await program.ask(path, method=method)
        assert (answer.status, answer.headers["Allow"]) == (405, allowed)
        if method != "HEAD":
            assert answer.message == f"Use {allowed} here."
    assert (await program.ask("/metrics/more")).status == 404
    assert (await program.ask("")).status == 404


WRONG_PARAMETERS = [
    "/jobs?limit=0", "/jobs?limit=1001", "/jobs?limit=ten", "/jobs?limit=1&limit=2", "/jobs?before=1",
    "/jobs?after=7", "/jobs?after=1.999999999999999.1", "/jobs/seven", "/jobs/0", f"/jobs/{2**63}",
    "/jobs/%C2%B2", "/history?status=lost", "/history?before=yesterday", "/events?before=-1",
    "/history?text=" + "x" * 201, "/history?text=a%00b", "/events/1?x=%F0%28", "/status?deep=1",
]  # fmt: skip
WRONG_BODIES: list[tuple[int, dict[str, Any]]] = [
    (400, {"data": b"{", "headers": {"Content-Type": "application/json"}}),
    (400, {"json": [5]}),
    (400, {"json": {"minutes": "5"}}),
    (400, {"json": {"minutes": 0}}),
    (400, {"json": {"minutes": 10**18}}),
    (400, {"json": {"hours": 5}}),
    (400, {"data": b'{"minutes": NaN}', "headers": {"Content-Type": "application/json"}}),
    (413, {"data": b" " * 65_537, "headers": {"Content-Type": "application/json"}}),
    (415, {"data": b"minutes=5"}),
]


async def test_a_parameter_that_cannot_be_is_told(program: Program) -> None:
    for path in WRONG_PARAMETERS:
        answer = await program.ask(path)
        assert answer.status == 400, path
        assert answer.message.endswith("."), path


async def test_a_body_that_cannot_be_is_told_and_nothing_done(program: Program) -> None:
    for status, options in WRONG_BODIES:
        answer = await program.post("/pause", **options)
        assert answer.status == status, options
        assert answer.message.endswith("."), options
        assert not program.core.queries.pause().paused


async def test_a_body_without_a_length_is_measured_as_it_comes(program: Program) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 1_024

    answer = await program.post("/pause", data=endless(), headers={"Content-Type": "application/json"})
    assert answer.status == 413
    assert (await program.post("/resume", json={"minutes": 5})).status == 400


async def test_whatever_is_asked_is_answered_and_never_as_our_fault(program: Program) -> None:
    dice = Random(4)
    parts = ["jobs", "events", "history", "services", "1", "-1", "retry", "run", "%00", "%2F", "²", "{key}"]
    names = ["limit", "before", "after", "status", "text", "type", "source", "apikey", "%ff"]
    values = ["1", "0", "-1", "1.2", "1.2.3", "9" * 30, "%00", "%ff%fe", "completed", "'", "%25", ""]
    for _ in range(400):
        path = "/" + "/".join(dice.choices(parts, k=dice.randint(1, 4)))
        query = "&".join(f"{dice.choice(names)}={dice.choice(values)}" for _ in range(dice.randint(0, 3)))
        method = dice.choice(["GET", "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
        answer = await program.ask(f"{path}?{query}", method=method, data=dice.choice([None, b"{}", b"\xff"]))
        assert answer.status in {200, 400, 404, 405, 409, 415}, (method, path, query, answer.body)
        if answer.status != 200 and method != "HEAD":
            assert answer.message


# --- Pages ---


async def pages(program: Program, path: str) -> list[list[dict[str, Any]]]:
    """Read a list to its end by its Link headers."""
    found = []
    link: str | None = path
    while link is not None:
        answer = await program.ask(link)
        assert answer.status == 200
        assert KEY not in answer.headers.get("Link", "")
        found.append(answer.json)
        _, _, rest = answer.headers.get("Link", "").partition("<")
        query = rest.partition(">")[0]
        link = f"{path.partition('?')[0]}{query}" if query else None
    return found


async def test_each_list_is_read_page_by_page_without_a_gap(
    program: Program, discord: FakeDiscord, download: bytes
) -> None:
    await set_up_discord(program, discord)
    for _ in range(5):
        await program.webhook(download)
    await program.drained()
    ids = await waiting(program, 5)
    events = await pages(program, f"/events?limit=2&apikey={KEY}")
    assert [[each["id"] for each in page] for page in events] == [[5, 4], [3, 2], [1]]
    queue = await pages(program, "/jobs?limit=2")
    assert [each["id"] for page in queue for each in page] == ids
    history = await pages(program, "/history?limit=4&source=radarr")
    rows = [row["id"] for page in history for row in page]
    assert len(rows) == len(set(rows)) == 15
    assert [len(page) for page in history] == [4, 4, 4, 3]


async def test_a_page_goes_on_although_its_last_job_has_left_the_queue(program: Program) -> None:
    ids = await waiting(program, 4)
    first = await program.ask("/jobs?limit=2")
    for job_id in ids[:2]:
        await program.core.commands.cancel_job(job_id)
    following = first.headers["Link"].partition("<")[2].partition(">")[0]
    assert [each["id"] for each in (await program.ask(f"/jobs{following}")).json] == ids[2:]


# --- Secrets ---


async def test_no_answer_has_a_secret_in_it(program: Program, discord: FakeDiscord, download: bytes) -> None:
    discord.script = [(400, {"message": f"bad {discord.webhook_url}", "code": 50035})]
    await imported(program, discord, download)
    asked = ["/metrics", "/openapi.json"]
    asked += [each.path for each in OPERATIONS if each.method == "GET" and "{" not in each.path]
    asked += ["/events/1", *(f"/jobs/{row['job_id']}" for row in (await program.ask("/history")).json)]
    for path in asked:
        answer = await program.ask(path)
        assert answer.status == 200
        assert TOKEN.encode() not in answer.body
        assert KEY.encode() not in answer.body
    tested = await program.post("/services/discord/test")
    assert (tested.status, TOKEN.encode() in tested.body) == (200, False)


# --- The stream ---


async def messages_until(socket: Any, count: int, *, kinds: set[str]) -> list[dict[str, Any]]:
    """Read until so many messages of these kinds came."""
    found: list[dict[str, Any]] = []
    form = TypeAdapter(MessageJson)
    async with asyncio.timeout(10):
        while sum(message["type"] in kinds for message in found) < count:
            received = await socket.receive_str()
            message = json.loads(received)
            assert form.dump_python(form.validate_json(received), mode="json") == message
            found.append(message)
    return found


async def test_a_webhook_is_told_from_its_jobs_creation_to_their_end(
    program: Program, discord: FakeDiscord, download: bytes
) -> None:
    await set_up_discord(program, discord)
    async with program.stream() as socket:
        stored = await program.webhook(download)
        told = await messages_until(socket, 3, kinds={"completed", "failed"})
    by_job: dict[int, list[str]] = {}
    for message in told:
        job = message["job"]
        assert job["root_id"] == stored["jobId"]
        by_job.setdefault(job.get("job_id") or job["id"], []).append(message["type"])
    assert len(by_job) == 3
    for kinds in by_job.values():
        assert (kinds[0], kinds[-1]) == ("created", "completed")
        inner = kinds[1:-1]
        assert inner.count("started") == 1
        assert set(inner) <= {"started", "progress"}
    assert next(iter(by_job)) == stored["jobId"]
    ended = [message["job"] for message in told if message["type"] == "completed"]
    assert {job["subject"] for job in ended} == {"The Matrix (1999)"}
    assert all("attempts" not in job for job in ended)


async def test_a_delivery_that_is_put_off_is_told_with_its_reason_and_its_time(
    program: Program, discord: FakeDiscord, download: bytes
) -> None:
    discord.script = [(500, {}), (400, {"message": "Cannot send an empty message", "code": 50006})]
    await set_up_discord(program, discord)
    async with program.stream() as socket:
        await program.webhook(download)
        told = await messages_until(socket, 2, kinds={"completed"})
        while (put_off := [
            each["job"] for each in told
            if each["type"] == "progress" and each["job"]["status"] == "pending"
        ]) == []:  # fmt: skip
            told += await messages_until(socket, 1, kinds={"progress"})
        assert put_off[0]["type"] == "notify-discord"
        assert put_off[0]["error"]
        assert put_off[0]["run_after"] > put_off[0]["created_at"]
        await program.post(f"/jobs/{put_off[0]['id']}/run")
        last = (await messages_until(socket, 1, kinds={"failed"}))[-1]
    assert (last["job"]["status"], last["job"]["job_id"]) == ("failed", put_off[0]["id"])


async def test_a_stream_needs_the_key_and_takes_no_parameters(program: Program) -> None:
    address = f"{program.base}/api/v1/events"
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await program.session.ws_connect(address)
    assert refused.value.status == 401
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await program.session.ws_connect(f"{address}?limit=5&apikey={KEY}")
    assert refused.value.status == 400
    async with program.session.ws_connect(f"{address}?apikey={KEY}") as socket:
        await socket.ping()
        assert not socket.closed
    answer = await program.ask("/events", headers={"Upgrade": "websocket", "Connection": "Upgrade"})
    assert (answer.status, answer.message) == (400, "This is no WebSocket handshake of version 13.")


async def test_there_are_no_more_than_sixteen_streams(program: Program) -> None:
    sockets = [await program.stream() for _ in range(MOST_STREAMS)]
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await program.stream()
    assert refused.value.status == 503
    await sockets.pop().close()

    async def free() -> bool:
        try:
            sockets.append(await program.stream())
        except aiohttp.WSServerHandshakeError:
            return False
        return True

    await eventually(free)
    for socket in sockets:
        await socket.close()


async def test_open_streams_do_not_keep_the_program_from_ending(opened: Any) -> None:
    async with opened() as program:
        polite = await program.stream()
        silent = [await program.stream(autoclose=False) for _ in range(3)]
        reading = asyncio.ensure_future(polite.receive())
        await asyncio.sleep(0)
        began = time.monotonic()
    assert time.monotonic() - began < 1.5
    ended = await reading
    assert (ended.type, polite.close_code) == (aiohttp.WSMsgType.CLOSE, 1001)
    assert ended.extra == "Metarr Desktop quits."
    del silent


async def test_a_listener_that_starts_anew_ends_streams_and_takes_new_ones(program: Program) -> None:
    stream = await program.stream()
    listener = program.core.listener
    assert listener is not None
    async with asyncio.timeout(2):
        listening = await listener.start()
    async with asyncio.timeout(1):
        while not stream.closed:
            await stream.receive()
    program.base = f"http://127.0.0.1:{listening.port}"
    async with program.stream() as again:
        assert not again.closed


# --- Metrics ---


async def test_metrics_count_what_waits_and_what_ended(
    program: Program, discord: FakeDiscord, download: bytes
) -> None:
    await imported(program, discord, download)
    await waiting(program, 2)
    answer = await program.ask("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = answer.body.decode().splitlines()
    assert "metarr_listener_up 1" in lines
    assert "metarr_queue_pending 2" in lines
    assert 'metarr_jobs{type="notify-discord",status="pending"} 2' in lines
    assert 'metarr_jobs_ended_24h{type="webhook-received",status="completed"} 1' in lines
    assert [line for line in lines if line.startswith("metarr_lane_stopped{")] == [
        f'metarr_lane_stopped{{lane="{lane}",state="paused"}} 1'
        for lane in sorted(declared.lane for declared in SERVICES)
    ]
    (memory,) = [line for line in lines if line.startswith("process_resident_memory_bytes ")]
    assert float(memory.split()[1]) > 1_000_000
