"""What every test of the window starts from: a core made by hand and a shell over it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.app.tasks import TaskSupervisor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from metarr_desktop.ui.shell import Shell
