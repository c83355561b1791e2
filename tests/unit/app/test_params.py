from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.app.params import LARGEST_NUMBER, Params
from metarr_desktop.domain.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable


def test_each_kind_of_parameter_is_read_as_it_is() -> None:
    params = Params({"word": "a", "number": 5, "flag": False, "words": {"a": "b"}, "nothing": None})
    assert params.word("word") == "a"
    assert params.number("number") == 5
    assert params.optional_number("number") == 5
    assert params.optional_number("nothing") is None
    assert params.optional_number("absent") is None
    assert params.flag("flag", default=True) is False
    assert params.flag("absent", default=True) is True
    assert params.words("words") == {"a": "b"}


@pytest.mark.parametrize(
    "read",
    [
        lambda params: params.word("it"),
        lambda params: params.number("it"),
        lambda params: params.flag("it"),
        lambda params: params.words("it"),
    ],
)
@pytest.mark.parametrize("values", [{}, {"it": None}, {"it": [1]}, {"it": 1.5}, {"it": {"a": 1}}])
def test_a_missing_or_wrong_parameter_is_refused_by_name(
    read: Callable[[Params], object], values: dict[str, Any]
) -> None:
    with pytest.raises(Refused, match="parameter it has to be"):
        read(Params(values))


@pytest.mark.parametrize("value", [True, "5", -1, LARGEST_NUMBER + 1])
def test_a_number_is_whole_and_fits_the_database(value: object) -> None:
    with pytest.raises(Refused, match="whole number"):
        Params({"it": value}).number("it")


@pytest.mark.parametrize("value", ["no", 0, 1])
def test_only_true_and_false_are_flags(value: object) -> None:
    with pytest.raises(Refused, match="true or false"):
        Params({"it": value}).flag("it")
