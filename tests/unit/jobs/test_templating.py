"""Templates: what a person writes, what comes of it, and what no template can do."""

from __future__ import annotations

import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.domain.errors import Refused
from metarr_desktop.domain.message_templates import LONGEST_BODY
from metarr_desktop.jobs.template_filters import FILTERS
from metarr_desktop.jobs.templating import LONGEST_OUTPUT, MOST_ROUNDS, check, render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.jobs.template_values import Value

VALUES: Mapping[str, Value] = {
    "title": "Du*ne",
    "year": 2021,
    "season": 2,
    "quality": None,
    "tags": ["kids", "4k"],
    "overview": "x" * 2_000,
}
LONGEST_S = 2.0
"""On a busy computer; alone the slowest takes a tenth of it."""
MOST_BYTES = 20_000_000


def filled(source: str, **more: Any) -> str:
    return render(source, {**VALUES, **more}, escape=lambda words: words.replace("*", "\\*"))


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("{title} ({year})", "Du\\*ne (2021)"),
        ("{{ title }} and { title }", "Du\\*ne and Du\\*ne"),
        ("*{title}*", "*Du\\*ne*"),
        ("{title | upcase}", "DU\\*NE"),
        ("{tags}", "kids, 4k"),
        ("{tags | join: ' + '}", "kids + 4k"),
        ("{tags | first}{tags.last}", "kids4k"),
        ("S{season | pad: 2}", "S02"),
        ("{quality}", ""),
        ("{quality | default: 'unknown'}", "unknown"),
        ("{overview | truncate: 5}", "xxxx\N{HORIZONTAL ELLIPSIS}"),
        ("{title | replace: 'Du', 'Ju' | append: '!'}", "Ju\\*ne!"),
        ("{% if quality %}in {quality}{% else %}of {year}{% endif %}", "of 2021"),
        ("{% if tags contains 'kids' and year > 2000 %}yes{% endif %}", "yes"),
        ("{% unless quality %}none{% endunless %}", "none"),
        ("{% case season %}{% when 2 %}two{% else %}other{% endcase %}", "two"),
        ("{% for tag in tags %}{tag}{% unless forloop.last %}/{% endunless %}{% endfor %}", "kids/4k"),
        ("{% assign name = title | downcase %}{name}", "du\\*ne"),
        ("{% comment %}{nobody}{% endcomment %}ok", "ok"),
        ('{"a": {"title": "{title}", "list": []}}', '{"a": {"title": "Du\\*ne", "list": []}}'),
        ('{"year": {year}}', '{"year": 2021}'),
        ("body { color: red } a{b:c} {} { }", "body { color: red } a{b:c} {} { }"),
        ("{% raw %}{title} {% if %}{% endraw %}", "{title} {% if %}"),
        ("{Title} {TITLE}", "{Title} {TITLE}"),
        ("\x01{title}", "Du\\*ne"),
        ("", ""),
    ],
)
def test_fields_tags_and_plain_braces(source: str, result: str) -> None:
    check(source)
    assert filled(source) == result


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{titel}", "There is no field called titel."),
        ("{% if titel %}x{% endif %}", "There is no field called titel."),
        ("{title.first.x}", "no field called title"),
        ("{title | shout}", "There is no filter called shout. Known are: append,"),
        ("{title | times: 9}", "no filter called times"),
        ("{% if title %}", "cannot be read"),
        ("{% endif %}", "unexpected tag 'endif'"),
        ("{% if title", "has to end with %}"),
        ("{title | }", "cannot be read"),
        ("{% include 'x' %}", "unexpected tag 'include'"),
        ("{% render 'x' %}", "unexpected tag 'render'"),
        ("{% capture a %}x{% endcapture %}", "unexpected tag 'capture'"),
        ("{% cycle '<b>' %}", "unexpected tag 'cycle'"),
        ("{% echo title %}", "unexpected tag 'echo'"),
        ("{% liquid echo title %}", "unexpected tag 'liquid'"),
        ("{% tablerow x in tags %}{% endtablerow %}", "unexpected tag 'tablerow'"),
    ],
)
def test_what_cannot_be_meant_is_said_when_it_is_written(source: str, words: str) -> None:
    with pytest.raises(Refused, match=words.replace(".", r"\.")):
        check(source)


def test_no_value_is_read_as_a_template_and_each_is_escaped() -> None:
    assert filled("{title}", title="{year} {% if %} *{{") == "{year} {% if %} \\*{{"
    assert filled("{% assign x = title %}{x}{title | append: '*'}", title="*") == "\\*\\*\\*"
    assert filled("{% for tag in tags %}{tag}{% endfor %}", tags=["*"]) == "\\*"


def _full(*parts: str) -> str:
    """Begin, repeat as often as a template has room, and end."""
    begin, again, end = parts
    return begin + again * ((LONGEST_BODY - len(begin) - len(end)) // len(again)) + end


LOOP = "{% for a in (1..100) %}"
HOSTILE = {
    "one endless loop": "{% for i in (1..999999999) %}x{% endfor %}",
    "a range beyond all numbers": "{% for i in (1..99999999999999999999999999999) %}x{% endfor %}",
    "loops in loops": "".join(f"{{% for {name} in (1..90) %}}" for name in "abc") + "{% endfor %}" * 3,
    "many loops": _full("", "{% for a in (1..100) %}{% endfor %}", ""),
    "much work in a loop": _full(LOOP, "{% if title == 'x' %}{% endif %}", "{% endfor %}"),
    "long conditions in a loop": _full(LOOP + "{% if a", " or title==year", " %}{% endif %}{% endfor %}"),
    "more than a message": _full(LOOP, "{overview}", "{% endfor %}"),
    "a value that doubles": _full(LOOP, "{% assign title = title | append: title %}", "{% endfor %}"),
    "a value that grows tenfold": _full("{title", " | replace: 'u', 'uuuuuuuuuu'", "}"),
    "growth without a loop": _full("{overview", " | append: overview", "}"),
    "long values again and again": _full(LOOP, "{% assign b = overview | upcase %}", "{% endfor %}"),
    "a wide number": "{season | pad: 20000}",
    "deep blocks": _full("", "{% if title %}", ""),
    "closed deep blocks": "{% if title %}" * 150 + "{% endif %}" * 150,
    "deep brackets": _full("{% if ", "title[", " %}{% endif %}"),
    "a long condition": _full("{% if a", " or a", " %}{% endif %}"),
    "a long number": _full("{% if title == ", "9", " %}{% endif %}"),
    "a joined range": "{% assign r = (1..999999999999) %}{r}{r | join}{r | size}{r | first}",
    "open tags": _full("", "{% ", ""),
    "braces": _full("", "{", ""),
    "pipes": _full("{title", "|", "}"),
    "open filters": _full("", "{title |", ""),
    "spaces in a tag": _full("{% if", " ", "%}{% endif %}"),
    "spaces in a field": _full("{title", " ", "}"),
    "dots": _full("{a", ".a", "}"),
    "open quotes": _full("{title | append: '", "a", ""),
    "open comments": _full("", "{% comment %}", ""),
    "open raw": _full("", "{% raw %}", ""),
    "dashes": _full("{%", "-", "%}"),
}  # fmt: skip


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_template_takes_long_or_fills_the_memory(source: str) -> None:
    check("{title}")  # loads the engine
    tracemalloc.start()
    began = time.process_time()
    try:
        result = filled(source)
    except Refused:
        result = ""
    took = time.process_time() - began
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert took < LONGEST_S
    assert peak < MOST_BYTES
    assert len(result) <= 4 * LONGEST_OUTPUT


def test_loops_go_round_so_often_and_no_oftener() -> None:
    assert filled(f"{{% for i in (1..{MOST_ROUNDS}) %}}x{{% endfor %}}") == "x" * MOST_ROUNDS
    with pytest.raises(Refused, match="go round too often"):
        filled(f"{{% for i in (0..{MOST_ROUNDS}) %}}x{{% endfor %}}")


@pytest.mark.parametrize("name", sorted(FILTERS))
@pytest.mark.parametrize("value", [None, "", "a" * 30_000, 5, ["a"] * 5_000, range(10**12), True])
def test_every_filter_takes_whatever_comes(name: str, value: object) -> None:
    try:
        result = FILTERS[name](value)
    except ValueError:
        return
    assert len(str(result)) <= 30_000 or name == "default"
