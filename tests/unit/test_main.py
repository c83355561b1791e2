"""The way from a start to window, headless or command line; each in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"asyncio", "peewee", "aiohttp", "pydantic", "keyring", "PySide6", "qasync", "sqlite3"}


def metarr(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "metarr_desktop", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_asking_a_running_program_loads_nothing_heavy(tmp_path: Path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"result": []}')
        writer.close()

    code = (
        "import sys; from metarr_desktop.__main__ import main;"
        "assert main(['--data-dir', sys.argv[1], 'jobs', '--json']) == 0;"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        (tmp_path / "control.json").write_text(json.dumps({"port": port, "token": "abc"}))
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, str(tmp_path),
            env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _ = await asyncio.wait_for(child.communicate(), 60)
    answer, modules = out.decode().splitlines()
    assert answer == "[]"
    assert not HEAVY & set(modules.split())


def test_output_that_nobody_reads_is_no_error(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as nobody:
        done = subprocess.run(
            [sys.executable, "-m", "metarr_desktop", "--data-dir", str(tmp_path), "service", "list"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=nobody,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_output_that_cannot_be_written_is_told_as_a_sentence(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "metarr_desktop", "--data-dir", str(tmp_path), "service", "list"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_title_the_terminal_cannot_show_is_written_another_way(tmp_path: Path) -> None:
    place = ["--data-dir", str(tmp_path)]
    assert metarr(*place, "mapping", "add", "radarr", "/日本", "/b").returncode == 0
    listed = metarr(*place, "mapping", "list", PYTHONIOENCODING="latin-1")
    assert (listed.returncode, "\\u65e5" in listed.stdout) == (0, True)
    as_json = metarr(*place, "mapping", "list", "--json", PYTHONIOENCODING="latin-1")
    assert json.loads(as_json.stdout)[0]["from"] == "/日本"


@pytest.mark.skipif(sys.platform != "linux", reason="displays are named by variables on Linux only")
def test_a_screen_that_does_not_answer_is_told_before_qt_aborts(tmp_path: Path) -> None:
    done = metarr("--data-dir", str(tmp_path), QT_QPA_PLATFORM="xcb", DISPLAY=":9753")
    assert done.returncode == 1
    assert "The window cannot start" in done.stderr
    assert "--headless" in done.stderr
