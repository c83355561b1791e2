from __future__ import annotations

import pytest

from metarr_desktop.domain.episode_code import code_of_file, code_of_pack


@pytest.mark.parametrize(
    ("numbers", "of_file", "of_pack"),
    [
        ((), "S02", "S02"),
        ((3,), "S02E03", "S02E03"),
        ((3, 3), "S02E03", "S02E03"),
        ((2, 1), "S02E01-E02", "S02E01-02 (2)"),
        ((1, 3), "S02E01, 03 (2)", "S02E01, 03 (2)"),
        (range(1, 9), "S02E01-08 (8)", "S02E01-08 (8)"),
        ((5, 6, 7, 8, 3, 2, 1, 1), "S02E01-03, 05-08 (7)", "S02E01-03, 05-08 (7)"),
        ((1, 2, 10, 99, 100, 101), "S02E01-02, 10, 99-101 (6)", "S02E01-02, 10, 99-101 (6)"),
    ],
)
def test_numbers_are_written_as_people_do(numbers: tuple[int, ...], of_file: str, of_pack: str) -> None:
    assert (code_of_file(2, numbers), code_of_pack(2, numbers)) == (of_file, of_pack)


def test_of_a_pack_with_many_gaps_the_count_tells_the_rest() -> None:
    assert code_of_pack(1, range(1, 40, 2)) == "S01E01, 03, 05, 07, 09, 11, 13, 15, … (20)"
    assert code_of_pack(1, range(1, 16, 2)) == "S01E01, 03, 05, 07, 09, 11, 13, 15 (8)"
