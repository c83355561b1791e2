from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.domain.errors import MetarrError, NotSetUp, Permanent, Transient
from metarr_desktop.domain.events import Notice, NoticeKind
from metarr_desktop.services.command import SERVICE, CommandConfig, CommandNotifier
from metarr_desktop.services.forms import build_config, check_field, missing_fields, parse_value
from tests.fakes import FakeClock, tools, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.http import Http

    Make = Callable[..., Notification]


@pytest.fixture
def notifier(http: Http) -> CommandNotifier:
    return CommandNotifier(tools(http, FakeClock()))


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], Path]:
    def make(lines: str) -> Path:
        path = tmp_path / "program"
        path.write_text(f"#!/bin/sh\n{lines}\n")
        path.chmod(0o755)
        return path

    return make


def config(program: Path | str, **values: Any) -> CommandConfig:
    given: dict[str, Any] = {"program": str(program), "confirmed": True}
    return CommandConfig(**{**given, **values})


def running(pid: int) -> bool:
    """Whether a process still does something; one that nobody waited for yet does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in {"Z", "X"}


async def test_the_program_learns_what_happened_and_nothing_of_ours(
    notifier: CommandNotifier,
    notification: Make,
    script: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("METARR_PUSHOVER_TOKEN", "hush")
    monkeypatch.setenv("SECRET_OF_OTHERS", "hush")
    monkeypatch.setenv("HOME", str(tmp_path))
    program = script('env > "$HOME/env"; for each in "$@"; do echo "[$each]"; done > "$HOME/args"; echo well')
    using = config(program, arguments="--title\n$(touch evil); 'x' \"y\"\n\n*")
    told = replace(notification(files=("a.mkv", "b.mkv"), poster_url="https://x/p.jpg"), job_id=3)
    delivery = await notifier.send(using, told)
    assert str(delivery.detail) == "The program is done. well"
    assert (tmp_path / "args").read_text().splitlines() == [
        "[--title]", "[$(touch evil); 'x' \"y\"]", "[]", "[*]",
    ]  # fmt: skip
    text = (tmp_path / "env").read_text()
    assert "hush" not in text
    names = {line.partition("=")[0] for line in text.splitlines() if "=" in line}
    assert names - {"PWD", "OLDPWD", "SHLVL", "_"} == {
        "PATH", "HOME", *({"LANG"} & set(os.environ)), "METARR_VERSION", "METARR_EVENT", "METARR_TITLE",
        "METARR_MESSAGE", "METARR_LINK", "METARR_POSTER", "METARR_FOLDER", "METARR_SOURCE", "METARR_JOB",
        "METARR_MEDIA_KIND", "METARR_MEDIA_TITLE", "METARR_MEDIA_YEAR", "METARR_MEDIA_FOLDER",
        "METARR_MEDIA_QUALITY",
        "METARR_MEDIA_FILES",
    }  # fmt: skip
    assert "METARR_TITLE=The Matrix (1999)\n" in text
    assert "METARR_MEDIA_FILES=a.mkv\nb.mkv\n" in text


@pytest.mark.parametrize(
    ("written", "handed_over"),
    [
        ("a\u2028b\x0bc\x85d", ["a\u2028b\x0bc\x85d"]),
        ("--title\r\nx\r\n", ["--title", "x"]),
        ("a\n", ["a"]),
        ("", []),
    ],
)
async def test_only_a_line_end_parts_arguments(
    notifier: CommandNotifier,
    notification: Make,
    script: Callable[[str], Path],
    tmp_path: Path,
    written: str,
    handed_over: list[str],
) -> None:
    program = script(f'for each in "$@"; do printf "[%s]" "$each"; done > "{tmp_path}/args"')
    await notifier.send(config(program, arguments=written), notification())
    assert (tmp_path / "args").read_bytes().decode() == "".join(f"[{each}]" for each in handed_over)


async def test_hostile_and_endless_words_can_be_handed_over(
    notifier: CommandNotifier, notification: Make, script: Callable[[str], Path]
) -> None:
    words = "\u202eevil\u0000\ud800\r\nPATH=/evil\x1b" * 40_000
    program = script('printf "%s" "${#METARR_MESSAGE}"')
    told = notification(title=words, body=words, files=tuple(f"{n}" * 3000 for n in range(500)))
    delivery = await notifier.send(config(program), told)
    assert int(str(delivery.detail).removeprefix("The program is done. ")) > 1000


async def test_a_notice_is_handed_over_too(
    notifier: CommandNotifier, notification: Make, script: Callable[[str], Path]
) -> None:
    notice = Notice(source="radarr", kind=NoticeKind.HEALTH, message="No indexers")
    program = script('echo "$METARR_EVENT: $METARR_NOTICE_MESSAGE"')
    delivery = await notifier.send(config(program), replace(notification(), event=notice))
    assert str(delivery.detail) == "The program is done. health: No indexers"


@pytest.mark.parametrize(
    ("lines", "outcome", "words"),
    [
        ("echo first; echo; exit 75", Transient, "The program asks to try again later. first"),
        ("echo no >&2; exit 3", Permanent, "The program failed with 3. no"),
        ("kill -TERM $$", Permanent, "The program was ended by signal 15."),
        ("cat; exit 4", Permanent, "The program failed with 4."),
    ],
)
async def test_each_end_has_its_outcome(
    notifier: CommandNotifier,
    notification: Make,
    script: Callable[[str], Path],
    lines: str,
    outcome: type[MetarrError],
    words: str,
) -> None:
    with pytest.raises(MetarrError) as caught:
        await notifier.send(config(script(lines)), notification())
    assert type(caught.value) is outcome
    assert str(caught.value).strip() == words


async def test_a_program_that_takes_too_long_is_ended_with_all_it_started(
    notifier: CommandNotifier, notification: Make, script: Callable[[str], Path], tmp_path: Path
) -> None:
    program = script(f'sleep 300 & echo $! > "{tmp_path}/child"; echo $$ > "{tmp_path}/own"; sleep 300')
    with pytest.raises(Permanent, match="longer than 1 s and was ended"):
        await notifier.send(config(program, time_limit=1), notification())
    for name in ("own", "child"):
        pid = int((tmp_path / name).read_text())
        await until(lambda pid=pid: not running(pid))  # type: ignore[misc]


async def test_giving_up_ends_the_program(
    notifier: CommandNotifier, notification: Make, script: Callable[[str], Path], tmp_path: Path
) -> None:
    program = script(f'echo $$ > "{tmp_path}/own.new"; mv "{tmp_path}/own.new" "{tmp_path}/own"; sleep 300')
    task = asyncio.ensure_future(notifier.send(config(program), notification()))
    await until((tmp_path / "own").exists)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    pid = int((tmp_path / "own").read_text())
    await until(lambda: not running(pid))


async def test_what_a_program_leaves_running_is_left_alone_and_not_waited_for(
    notifier: CommandNotifier, notification: Make, script: Callable[[str], Path], tmp_path: Path
) -> None:
    program = script(f'sleep 20 & echo $! > "{tmp_path}/child"; echo started')
    async with asyncio.timeout(5):
        delivery = await notifier.send(config(program), notification())
    assert str(delivery.detail) == "The program is done. started"
    child = int((tmp_path / "child").read_text())
    assert running(child)
    os.kill(child, 9)


async def test_much_output_is_read_and_only_its_end_kept(
    notifier: CommandNotifier, notification: Make, script: Callable[[str], Path]
) -> None:
    program = script("head -c 5000000 /dev/zero | tr '\\0' 'x'; echo; printf 'last \\033[31mline\\n\\n'")
    delivery = await notifier.send(config(program), notification())
    assert str(delivery.detail) == "The program is done. last [31mline"


@pytest.mark.qt_loop
async def test_it_runs_on_the_loop_of_the_window(
    notifier: CommandNotifier, notification: Make, script: Callable[[str], Path]
) -> None:
    delivery = await notifier.send(config(script("echo qt")), notification())
    assert str(delivery.detail) == "The program is done. qt"
    with pytest.raises(Permanent, match="longer than 1 s"):
        await notifier.send(config(script("sleep 300"), time_limit=1), notification())


async def test_nothing_runs_before_it_is_confirmed(
    notifier: CommandNotifier, notification: Make, script: Callable[[str], Path], tmp_path: Path
) -> None:
    program = script(f'touch "{tmp_path}/ran"')
    using = config(program, confirmed=False)
    with pytest.raises(NotSetUp, match="you trust this program"):
        await notifier.send(using, notification())
    steps = await notifier.test(using)
    assert [step.ok for step in steps] == [False]
    assert not (tmp_path / "ran").exists()


def test_without_confirmation_it_is_not_set_up() -> None:
    plain = {"program": "/bin/true"}
    assert missing_fields(SERVICE, plain, ()) == ("confirmed",)
    assert missing_fields(SERVICE, {**plain, "confirmed": False}, ()) == ("confirmed",)
    assert missing_fields(SERVICE, {**plain, "confirmed": True}, ()) == ()
    with pytest.raises(NotSetUp, match=r'Command works once "I trust this program" is ticked\.'):
        build_config(SERVICE, {**plain, "confirmed": False}, {})
    assert parse_value(SERVICE, "confirmed", "yes") is True
    assert parse_value(SERVICE, "confirmed", "no") is False
    assert check_field(SERVICE, "confirmed", value=False) is not None


async def test_a_test_looks_and_runs_nothing(
    notifier: CommandNotifier, script: Callable[[str], Path], tmp_path: Path
) -> None:
    program = script(f'touch "{tmp_path}/ran"')
    steps = await notifier.test(config(program))
    assert [step.ok for step in steps] == [True, True]
    assert "Warning" not in str(steps[-1].detail)
    program.chmod(0o777)
    assert "Warning: other users" in str((await notifier.test(config(program)))[-1].detail)
    program.chmod(0o644)
    assert "Make it executable with chmod +x" in str((await notifier.test(config(program)))[-1].detail)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("kind", ["missing", "folder", "no interpreter", "not executable"])
async def test_what_cannot_be_started_waits_for_a_person(
    notifier: CommandNotifier, notification: Make, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "program"
    if kind == "folder":
        path.mkdir()
    elif kind != "missing":
        path.write_text("#!/nowhere/interpreter\n")
        path.chmod(0o755 if kind == "no interpreter" else 0o644)
    with pytest.raises(NotSetUp) as caught:
        await notifier.send(config(path), notification())
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("program", "notify-send", "Enter the whole path of the program"),
        ("program", "/bin/a\0b", "Enter the whole path of the program"),
        ("arguments", "a\n" * 101, "At most 100 arguments"),
        ("arguments", "x" * 4001, "At most 100 arguments of 4000 characters"),
        ("arguments", "a\0b", "no NUL"),
        ("time_limit", 241, "Time limit (seconds) is a number from 1 to 240."),
    ],
)
def test_wrong_settings_are_told(field: str, value: Any, words: str) -> None:
    assert words in str(check_field(SERVICE, field, value))
