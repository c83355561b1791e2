from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metarr_desktop.app.paths import AppPaths


def test_a_data_folder_keeps_its_id_and_no_other_has_it(paths: AppPaths) -> None:
    paths.prepare()
    made = paths.folder_id()
    assert len(made) == 12
    assert paths.folder_id() == made
    (paths.data_dir / "folder-id").unlink()
    assert paths.folder_id() != made


def test_an_id_broken_by_hand_does_no_harm_in_a_pattern(paths: AppPaths) -> None:
    paths.prepare()
    (paths.data_dir / "folder-id").write_text("ab%_-c.\n")
    assert paths.folder_id() == "abc"
