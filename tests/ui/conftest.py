"""What every test of the window starts from: a core made by hand and a shell over it."""

from __future__ import annotations
