"""Alt+letter for every button and field of a page, given out so that no two share a letter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QAbstractButton, QCheckBox, QLabel, QScrollArea, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence


def give_mnemonics(root: QWidget, *, taken: str = "") -> None:
    """Mark a letter in each label with a buddy and each button below ``root`` that has none yet.

    Widgets are served in the order they were made, which is reading order; on a page that scrolls what always
    stays in sight comes first and the check boxes, which are many, come last. One whose letters are used up
    has another give way that can; when none can it stays without. ``taken`` are letters of parts of the
    window that are not there yet; those of parts in sight are known.
    """
    used = set(taken.lower())
    waiting: list[QLabel | QAbstractButton] = []
    for widget in sorted(_labelled(root), key=lambda each: _turn(root, each)):
        letter = _letter(widget.text())
        if letter:
            used.add(letter)
        else:
            waiting.append(widget)
    if not waiting:
        return
    used |= _elsewhere(root)
    served: dict[str, int] = {}
    for number in range(len(waiting)):
        _serve(number, texts=[widget.text() for widget in waiting], used=used, served=served, tried=set())
    for letter, number in served.items():
        _mark(waiting[number], letter)


def renew_mnemonics(root: QWidget, *, taken: str = "") -> None:
    """Give the letters out anew, where the rest of the window took some of them."""
    for widget in _labelled(root):
        widget.setText(literal(without_mnemonic(widget.text())))
    give_mnemonics(root, taken=taken)


def without_mnemonic(text: str) -> str:
    """The text as it is read: marks gone, doubled ampersands single."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&")


def literal(text: str) -> str:
    """A text whose ampersands are shown, for labels that take a mark."""
    return text.replace("&", "&&")


def _labelled(root: QWidget) -> list[QLabel | QAbstractButton]:
    found: list[QLabel | QAbstractButton] = []
    for child in root.findChildren(QWidget):
        if isinstance(child, QLabel):
            if child.buddy() is not None:
                found.append(child)
        elif isinstance(child, QAbstractButton) and child.text():
            found.append(child)
    return found


def _turn(root: QWidget, widget: QWidget) -> int:
    parent = widget.parentWidget()
    while parent is not None and parent is not root:
        if isinstance(parent, QScrollArea):
            return 2 if isinstance(widget, QCheckBox) else 1
        parent = parent.parentWidget()
    return 0


def _letter(text: str) -> str:
    return text.replace("&&", "").partition("&")[2][:1].lower()


def _elsewhere(root: QWidget) -> set[str]:
    """Letters of what is in sight in the same window."""
    window = root.window()
    others = [] if window is root else _labelled(window)
    return {_letter(each.text()) for each in others if each.isVisible() and not root.isAncestorOf(each)}


def _serve(
    number: int, *, texts: Sequence[str], used: set[str], served: dict[str, int], tried: set[str]
) -> bool:
    """Find a letter for a text; whoever has it may have to take another."""
    letters = [texts[number][place].lower() for place in _places(texts[number])]
    for free in (True, False):
        for letter in letters:
            if letter in used or letter in tried or free is (letter in served):
                continue
            tried.add(letter)
            if free or _serve(served[letter], texts=texts, used=used, served=served, tried=tried):
                served[letter] = number
                return True
    return False


def _places(text: str) -> list[int]:
    """Where a mark may stand: the first letter of a word before any other letter."""
    starts = [i for i, char in enumerate(text) if char.isalnum() and (i == 0 or not text[i - 1].isalnum())]
    return [i for i in (*starts, *range(len(text))) if text[i].isascii() and text[i].isalnum()]


def _mark(widget: QLabel | QAbstractButton, letter: str) -> None:
    text = widget.text()
    place = next(i for i in _places(text) if text[i].lower() == letter)
    widget.setText(f"{text[:place]}&{text[place:]}")
    if isinstance(widget, QLabel):
        # The underline parts a pair such as "Ty", and a label as narrow as the pair would cut its end.
        font = widget.font()
        font.setKerning(False)
        widget.setFont(font)
