"""Whether a window can be shown here, asked before Qt is: where it cannot, Qt ends the process."""

from __future__ import annotations

import ctypes
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PLUGIN = Path("Qt", "plugins", "platforms", "libqxcb.so")
LIBRARY_MISSING = (
    "The window cannot start: {detail}.\nInstall the system libraries that Qt needs"
    " (packaging/install-system-libraries packaging/system-libraries.txt), or use --headless."
)
NO_ANSWER = "The window cannot start: the screen {display} does not answer. Check DISPLAY, or use --headless."


def has_display(environment: Mapping[str, str]) -> bool:
    """Whether somebody may be looking; elsewhere than on Linux somebody always may."""
    if sys.platform != "linux":
        return True
    return any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def window_problem(environment: Mapping[str, str], *, plugin: Path | None = None) -> str | None:
    """Say why X11 would show no window, and what to do; None where it would, or where X11 is not asked."""
    chosen = environment.get("QT_QPA_PLATFORM", "xcb")
    if sys.platform != "linux" or environment.get("WAYLAND_DISPLAY") or chosen != "xcb":
        return None
    plugin = plugin or _find_plugin()
    if plugin is None:
        return None
    try:
        ctypes.CDLL(str(plugin))
    except OSError as error:
        return LIBRARY_MISSING.format(detail=error)
    return _screen_problem(environment.get("DISPLAY", ""))


def _find_plugin() -> Path | None:
    found = importlib.util.find_spec("PySide6")
    places = [] if found is None else [Path(each) / PLUGIN for each in found.submodule_search_locations or ()]
    return next((each for each in places if each.is_file()), None)


def _screen_problem(display: str) -> str | None:
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(display.encode(), None))
    failed = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return NO_ANSWER.format(display=display) if failed else None
