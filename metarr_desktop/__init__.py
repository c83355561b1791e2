"""Passes news from Radarr, Sonarr and Lidarr on to players and phones, from the tray."""

from __future__ import annotations

__version__ = "0.1.0"
