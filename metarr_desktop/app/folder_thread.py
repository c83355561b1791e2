"""The thread that watches one library folder, and tells the loop in which folders something happened."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from metarr_desktop.library.watching import folder_to_ask

if TYPE_CHECKING:
    from metarr_desktop.domain.media import LibraryFolder

logger = logging.getLogger(__name__)

STEP_MS = 400
LONGEST_GROUP_MS = 5_000
BREATH_MS = 1_000
"""So often a thread that sees nothing looks up."""


@dataclass(slots=True, kw_only=True)
class Watcher:
    """The thread that watches one folder: it sees changes once it ``began``; ``ended`` is why it is over.

    ``place`` names the file system that lay there when it was started.
    """

    library: LibraryFolder
    polling: bool
    place: tuple[int, int]
    stop: threading.Event = field(default_factory=threading.Event)
    ended: BaseException | None = None
    began: bool = False
    over: bool = False
    thread: threading.Thread | None = None


class Tell(Protocol):
    """Tells the loop in which folders something happened; none, where only the watcher itself changed."""

    def __call__(self, folders: frozenset[Path], /) -> None:
        """Call from the thread."""


class WatchThread(Protocol):
    """Watches until it is told to stop."""

    def __call__(self, watcher: Watcher, tell: Tell, /, *, poll_s: float) -> None:
        """Run in a thread."""


def watch_folder(watcher: Watcher, tell: Tell, /, *, poll_s: float) -> None:
    """Watch in a thread of its own, for even to begin reads every folder of a library."""
    from watchfiles import Change as Seen  # noqa: PLC0415 - loaded only where a folder is watched
    from watchfiles import watch  # noqa: PLC0415

    logging.getLogger("watchfiles").setLevel(logging.WARNING)
    name = watcher.library.name
    try:
        batches: Any = watch(
            watcher.library.path,
            watch_filter=None,
            debounce=LONGEST_GROUP_MS,
            step=STEP_MS,
            stop_event=watcher.stop,
            raise_interrupt=False,
            force_polling=watcher.polling,
            poll_delay_ms=int(poll_s * 1000),
            ignore_permission_denied=True,
            rust_timeout=BREATH_MS,
            yield_on_timeout=True,
        )
        for batch in batches:
            if not watcher.began:
                watcher.began = True
                logger.info(
                    "Watching the library folder %s%s", name, " by polling" if watcher.polling else ""
                )
            found = {
                folder_to_ask(Path(path), library=watcher.library, moved=seen is not Seen.modified)
                for seen, path in batch
            }
            if folders := frozenset(folder for folder in found if folder is not None):
                tell(folders)
    except Exception as error:  # noqa: BLE001 - told to the loop, which decides
        watcher.ended = error
    finally:
        watcher.over = True
        tell(frozenset())
