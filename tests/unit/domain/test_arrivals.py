"""What should be there after all that one refresh stands for."""

from __future__ import annotations

from datetime import timedelta

from metarr_desktop.domain.arrivals import LOOKS, brings, brought, next_look
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind

WITHIN = timedelta(minutes=5)


def film(**changes: object) -> MediaEvent:
    return MediaEvent(
        **{  # type: ignore[arg-type]
            "source": "radarr",
            "kind": MediaKind.MOVIE,
            "action": Action.IMPORTED,
            "title": "Dune",
            "folder": "/movies/Dune (2021)",
            "files": ("Dune.mkv",),
            "overview": "Spice.",
            **changes,
        }
    )


def episode(number: int, **changes: object) -> MediaEvent:
    values: dict[str, object] = {
        "source": "sonarr", "kind": MediaKind.EPISODE, "title": "Dark", "folder": "/tv/Dark", "season": 1,
        "episodes": (number,), "files": (f"S01E0{number}.mkv",),
    }  # fmt: skip
    return film(**{**values, **changes})


def test_only_what_puts_files_there_can_be_looked_for() -> None:
    told = [action for action in Action if brings(film(action=action))]
    assert told == [Action.IMPORTED, Action.UPGRADED]
    assert not brings(film(folder=""))


def test_episodes_of_one_refresh_are_looked_for_together_with_all_their_files() -> None:
    (one,) = brought([episode(1), episode(2)])
    assert (one.files, one.season, one.episodes) == (("S01E01.mkv", "S01E02.mkv"), 1, (1, 2))
    assert [each.season for each in brought([episode(1), episode(2, season=2)])] == [1, 2]


def test_what_was_replaced_or_deleted_again_is_not_looked_for() -> None:
    upgrade = film(action=Action.UPGRADED, files=("Dune 4K.mkv",), old_files=("Dune.mkv",))
    assert [each.files for each in brought([film(), upgrade])] == [("Dune 4K.mkv",)]
    assert brought([film(), film(action=Action.DELETED, files=(), old_files=("Dune.mkv",))]) == ()
    assert brought([film(), film(action=Action.DELETED, files=())]) == ()
    kept = film(action=Action.DELETED, files=(), files_kept=True)
    assert [each.files for each in brought([film(), kept])] == [("Dune.mkv",)]


def test_an_upgrade_under_the_same_name_is_looked_for() -> None:
    (one,) = brought([film(action=Action.UPGRADED, old_files=("Dune.mkv",))])
    assert (one.files, one.overview) == (("Dune.mkv",), "")


def test_looks_come_ever_later_and_end_with_the_time() -> None:
    looks, elapsed = [], timedelta()
    while (at := next_look(elapsed, within=WITHIN)) is not None:
        looks.append(at)
        elapsed = at
    assert tuple(looks) == LOOKS
    assert next_look(timedelta(minutes=5), within=timedelta(minutes=7)) == timedelta(minutes=6)
    assert next_look(timedelta(minutes=6, seconds=30), within=timedelta(minutes=7)) == timedelta(minutes=7)
    assert next_look(timedelta(seconds=50), within=timedelta(seconds=55)) == timedelta(seconds=55)
