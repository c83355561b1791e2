"""Chooses between window, headless and command line."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from metarr_desktop.cli.parser import build_parser, data_dir

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

FAILED, INTERRUPTED = 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program or one command; returns the exit status."""
    options = build_parser().parse_args(arguments)
    try:
        if options.command is not None:
            from metarr_desktop.cli.commands import run_command  # noqa: PLC0415 - each way loads its own half

            status = run_command(options, data_dir=data_dir(options))
            sys.stdout.flush()
            return status
        return _start(options)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output is gone: nothing is left to say, not even while Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _start(options: argparse.Namespace) -> int:
    from metarr_desktop.app.options import StartOptions  # noqa: PLC0415 - each way loads its own half

    start = StartOptions(
        data_dir=data_dir(options), port=options.port, host=options.host, minimized=options.minimized
    )
    if not options.headless and not _has_display():
        print("There is no display: running without a window.", file=sys.stderr)
    if options.headless or not _has_display():
        from metarr_desktop.app.headless import run_headless  # noqa: PLC0415

        return run_headless(start)
    try:
        from metarr_desktop.ui.main import run  # noqa: PLC0415
    except ImportError as error:
        print(
            f"The window cannot start: {error}.\nInstall the system libraries that Qt needs"
            " (packaging/install-system-libraries packaging/system-libraries.txt), or use --headless.",
            file=sys.stderr,
        )
        return FAILED
    return run(start)


def _has_display() -> bool:
    """Whether a window can be shown; elsewhere than on Linux one always can."""
    if sys.platform != "linux":
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


if __name__ == "__main__":
    sys.exit(main())
