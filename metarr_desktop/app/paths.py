"""Where things lie: the data folder's files, and what ships with the program."""

from __future__ import annotations

import os
import secrets
import string
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from metarr_desktop.domain.errors import StorageFailed
from metarr_desktop.domain.text import text


@dataclass(frozen=True, slots=True)
class AppPaths:
    """The files of one data folder."""

    data_dir: Path

    @property
    def database(self) -> Path:
        """The SQLite database."""
        return self.data_dir / "metarr.db"

    @property
    def database_choice(self) -> Path:
        """The address of another database, where somebody chose one."""
        return self.data_dir / "database.json"

    @property
    def backups(self) -> Path:
        """The folder of the database's copies."""
        return self.data_dir / "backups"

    @property
    def log_dir(self) -> Path:
        """The folder of the log files."""
        return self.data_dir / "logs"

    @property
    def log_file(self) -> Path:
        """The log being written."""
        return self.log_dir / "metarr.log"

    @property
    def lock(self) -> Path:
        """The lock that the program using this folder holds."""
        return self.data_dir / "lock"

    @property
    def control(self) -> Path:
        """Address and token of the running program."""
        return self.data_dir / "control.json"

    def folder_id(self) -> str:
        """Return a name that this data folder has for good, made at its first use. Raises StorageFailed.

        Where several computers share a database it tells what an earlier program of this folder left behind.
        """
        file = self.data_dir / "folder-id"
        try:
            with suppress(FileNotFoundError):
                if known := file.read_text(encoding="ascii", errors="replace").strip():
                    return "".join(each for each in known if each in string.hexdigits)[:16]
            made = secrets.token_hex(6)
            file.touch(mode=0o600)
            file.write_text(f"{made}\n", encoding="ascii")
        except OSError as error:
            raise self._unusable(error) from error
        return made

    def prepare(self) -> None:
        """Make the folders, for this user only. Raises StorageFailed where that is not possible."""
        try:
            for folder in (self.data_dir, self.log_dir):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.data_dir.chmod(0o700)
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> StorageFailed:
        return StorageFailed(
            text(
                "The data folder {folder} cannot be used: {detail}. Choose another with --data-dir.",
                folder=str(self.data_dir),
                detail=error.strerror or str(error),
            )
        )


def default_data_dir() -> Path:
    """Return the folder of this user: ``METARR_DATA_DIR``, else the platform's place for program data."""
    if chosen := os.environ.get("METARR_DATA_DIR"):
        return Path(chosen).expanduser()
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local")) / "Metarr Desktop"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "Metarr Desktop"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "metarr-desktop"


def resource_path(*parts: str) -> Path:
    """Return a shipped file: from the installed package, else from the checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "resources"
    root = installed if installed.is_dir() else package.parent / "resources"
    return root.joinpath(*parts)
