"""Chooses between window, headless and command line."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

from metarr_desktop.cli.parser import build_parser, data_dir

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

FAILED, USAGE, INTERRUPTED = 1, 2, 130


# Pydantic looks through every installed package for plugins, of which we use none.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program or one command; returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="backslashreplace"
            )  # a title the terminal cannot show is no reason to end
    options = build_parser().parse_args(arguments)
    try:
        status = _start(options) if options.command is None else _command(options)
        if sys.stdout is not None:  # as under pythonw, or where a shell closed it
            sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output is gone: nothing is left to say, not even while Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        print(f"The system reported an error: {error}.", file=sys.stderr)
        return FAILED
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        print(
            f"Something unexpected went wrong ({type(error).__name__}: {error}). This is a fault of Metarr"
            " Desktop. PYTHONDEVMODE=1 shows where it happened.",
            file=sys.stderr,
        )
        return FAILED
    return status


def _command(options: argparse.Namespace) -> int:
    from metarr_desktop.cli.commands import run_command  # noqa: PLC0415 - each way loads its own half
    from metarr_desktop.cli.session import FolderSession  # noqa: PLC0415

    session = FolderSession(data_dir(options), options.database_url, options.queue_url)
    return run_command(options, session=session)


def _start(options: argparse.Namespace) -> int:
    from metarr_desktop.app.display import (  # noqa: PLC0415 - as above
        LIBRARY_MISSING,
        has_display,
        window_problem,
    )
    from metarr_desktop.app.options import StartOptions  # noqa: PLC0415

    start = StartOptions(
        data_dir=data_dir(options),
        port=options.port,
        host=options.host,
        minimized=options.minimized,
        database_url=options.database_url,
        queue_url=options.queue_url,
        listen=not options.no_listener,
    )
    if options.no_listener and not options.headless:
        print("--no-listener needs --headless: a window receives webhooks.", file=sys.stderr)
        return USAGE
    headless = options.headless
    if not headless and not has_display(os.environ):
        print("There is no display: running without a window.", file=sys.stderr)
        headless = True
    if headless:
        from metarr_desktop.app.headless import run_headless  # noqa: PLC0415

        return run_headless(start)
    if problem := window_problem(os.environ):
        print(problem, file=sys.stderr)
        return FAILED
    try:
        from metarr_desktop.ui.main import run  # noqa: PLC0415
    except ImportError as error:
        print(LIBRARY_MISSING.format(detail=error), file=sys.stderr)
        return FAILED
    return run(start)


if __name__ == "__main__":
    sys.exit(main())
