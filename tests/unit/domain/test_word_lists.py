from __future__ import annotations

import pytest

from metarr_desktop.domain.word_lists import join_list, split_list


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", ()),
        (" , ,", ()),
        ("kids", ("kids",)),
        (" kids,uhd , 4k ", ("kids", "uhd", "4k")),
        ('"Me, Myself & Irene",x', ("Me, Myself & Irene", "x")),
        ("D:\\Films\\, \\\\nas\\films", ("D:\\Films\\", "\\\\nas\\films")),
        ("/movies/a  b\n/movies/c", ("/movies/a  b", "/movies/c")),
        ('17" screens', ('17" screens',)),
    ],
)
def test_a_list_is_read_as_people_type_it(typed: str, words: tuple[str, ...]) -> None:
    assert split_list(typed) == words
    assert split_list(join_list(words)) == words


def test_a_word_that_could_be_misread_is_quoted() -> None:
    assert join_list(('"a', "b, c", "d")) == '"""a", "b, c", d'
