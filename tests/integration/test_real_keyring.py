"""A real Secret Service without a screen: gnome-keyring in a D-Bus session of the test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("dbus-run-session", "gnome-keyring-daemon", "secret-tool")
MISSING = [name for name in NEEDED if shutil.which(name) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")

PASSWORD = "of-the-login-keyring"
UNLOCKED = (
    'printf %s "$PASSWORD" | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null\n'
)
LOCKED = "gnome-keyring-daemon --start --components=secrets --daemonize >/dev/null\n"


def in_session(home: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script in a fresh session whose keyring lives in ``home``."""
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "PYTHON_KEYRING_BACKEND"}
    }
    runtime = home / "run"
    runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / "share" / "keyrings").mkdir(parents=True, exist_ok=True)
    env |= {
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(runtime),
        "XDG_DATA_HOME": str(home / "share"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "PASSWORD": PASSWORD,
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(
        ["dbus-run-session", "--", "bash", "-c", script],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


IMPORTS = "import asyncio\nfrom metarr_desktop.storage.secrets import KeyringSecrets\n"


def python(code: str) -> str:
    """Put Python into a shell script."""
    return f"{sys.executable} - <<'CODE'\n{IMPORTS}{textwrap.dedent(code)}\nCODE\n"


KEEP = """
async def main():
    secrets = KeyringSecrets()
    await secrets.set("pushover/token", "s3cr3t-\u00fc")
    again = KeyringSecrets()
    print(await again.get("pushover/token"), await again.get("pushover/absent"), again.state)
asyncio.run(main())
"""


def test_a_secret_is_kept_where_others_find_it_and_not_in_a_file(tmp_path: Path) -> None:
    lookup = "secret-tool lookup service metarr-desktop username pushover/token\n"
    done = in_session(tmp_path, UNLOCKED + python(KEEP) + lookup)
    assert done.stdout.splitlines() == ["s3cr3t-\u00fc None usable", "s3cr3t-\u00fc"], done.stderr
    kept = b"".join(path.read_bytes() for path in (tmp_path / "share" / "keyrings").glob("*.keyring"))
    assert kept
    assert b"s3cr3t" not in kept


def test_a_forgotten_secret_is_gone_and_forgetting_twice_is_no_error(tmp_path: Path) -> None:
    forget = """
    async def main():
        secrets = KeyringSecrets()
        await secrets.delete("pushover/token")
        await secrets.delete("pushover/token")
        print(await secrets.get("pushover/token"))
    asyncio.run(main())
    """
    done = in_session(tmp_path, UNLOCKED + python(KEEP) + python(forget))
    assert done.stdout.splitlines()[-1] == "None", done.stderr


def test_a_locked_keyring_is_a_sentence_and_the_loop_goes_on(tmp_path: Path) -> None:
    ask = """
    from metarr_desktop.domain.errors import SecretsUnavailable
    async def main():
        secrets, ticks = KeyringSecrets(), 0
        async def tick():
            nonlocal ticks
            while True:
                await asyncio.sleep(0.005)
                ticks += 1
        ticker = asyncio.ensure_future(tick())
        try:
            await secrets.get("pushover/token")
        except SecretsUnavailable as error:
            print(error)
        print(secrets.state, ticks > 3)
        ticker.cancel()
    asyncio.run(main())
    """
    in_session(tmp_path, UNLOCKED + python(KEEP))
    done = in_session(tmp_path, LOCKED + python(ask))
    assert done.stdout.splitlines() == [
        "The keyring is locked. Services with a password wait until you unlock it.",
        "locked True",
    ], done.stderr
