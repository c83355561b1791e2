"""The program without a window: for servers, and for desktops with no display."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from typing import TYPE_CHECKING

from metarr_desktop.app.core import Core, open_core
from metarr_desktop.app.database_file import damage_report
from metarr_desktop.app.leaving import leave_within
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.domain.errors import MetarrError, StorageDamaged, StorageFailed

if TYPE_CHECKING:
    from metarr_desktop.app.options import StartOptions

OK, FAILED, PORT_IN_USE, DATA_ERROR = 0, 1, 4, 5
LEAVE_WITHIN_S = 0.5


class Sentences(logging.Formatter):
    """Level and message: a traceback stays in the log file."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        return f"{record.levelname.capitalize()}: {record.getMessage()}"


def run_headless(options: StartOptions) -> int:
    """Serve until SIGINT, SIGTERM or ``quit``; returns the exit status."""
    stderr = logging.StreamHandler()
    stderr.setLevel(logging.WARNING)
    stderr.setFormatter(Sentences())
    logging.getLogger().addHandler(stderr)
    try:
        return asyncio.run(_serve(options))
    except StorageDamaged:
        print(damage_report(AppPaths(options.data_dir), given=options.database_url), file=sys.stderr)  # noqa: T201
        return DATA_ERROR
    except StorageFailed as error:
        print(error, file=sys.stderr)  # noqa: T201 - the person waits in a terminal
        return DATA_ERROR
    except MetarrError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return FAILED
    finally:
        logging.getLogger().removeHandler(stderr)


async def _serve(options: StartOptions) -> int:
    async with open_core(
        AppPaths(options.data_dir),
        serve=True,
        port=options.port,
        host=options.host,
        database_url=options.database_url,
        queue_url=options.queue_url,
        listen=options.listen,
    ) as core:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(number, core.stop_requested.set)
        if not await _introduce(core):
            return PORT_IN_USE
        await core.stop_requested.wait()
    leave_within(LEAVE_WITHIN_S, status=OK)
    return OK


async def _introduce(core: Core) -> bool:
    """Print the listening address as the first line, then what a person can paste."""
    if core.listener is None:
        print("Running jobs. No webhooks are received here.", flush=True)  # noqa: T201
        return True
    listening = core.queries.listening()
    if listening is None:
        problem = core.listener.problem
        print(problem or "Webhooks cannot arrive.", file=sys.stderr)  # noqa: T201
        return False
    host = f"[{listening.host}]" if ":" in listening.host else listening.host
    lines = [f"http://{host}:{listening.port}"]
    try:
        usual = dict(core.queries.usual_sources())
        addresses = [each for each in await core.queries.addresses() if each.key in usual]
        lines += [f"{address.title}: {address.url}" for address in addresses]
    except MetarrError as error:
        lines.append(f"The addresses with their key cannot be shown now. {error}")
    print("\n".join(lines), flush=True)  # noqa: T201 - scripts read the first line
    return True
