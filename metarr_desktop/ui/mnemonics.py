"""Alt+letter for every button and field of a page, given out so that no two share a letter."""

from __future__ import annotations

from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget


def give_mnemonics(root: QWidget, *, taken: str = "") -> None:
    """Mark a letter in each label with a buddy and each button below ``root`` that has none yet.

    Widgets are served in the order they were made, which is reading order; when the letters of a
    text are used up it stays without one. ``taken`` are letters used elsewhere in the window.
    """
    used = set(taken.lower())
    waiting: list[QLabel | QAbstractButton] = []
    for widget in _labelled(root):
        letter = _letter(widget.text())
        if letter:
            used.add(letter)
        else:
            waiting.append(widget)
    for widget in waiting:
        text = widget.text()
        place = _free_place(text, used)
        if place is None:
            continue
        used.add(text[place].lower())
        widget.setText(f"{text[:place]}&{text[place:]}")
        if isinstance(widget, QLabel):
            # The underline parts a pair such as "Ty", and a label as narrow as the pair would cut its end.
            font = widget.font()
            font.setKerning(False)
            widget.setFont(font)


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


def _letter(text: str) -> str:
    return text.replace("&&", "").partition("&")[2][:1].lower()


def _free_place(text: str, used: set[str]) -> int | None:
    """Prefer the first letter of a word, then any letter."""
    starts: list[int] = [
        i for i, char in enumerate(text) if char.isalnum() and (i == 0 or not text[i - 1].isalnum())
    ]
    places: list[int] = [*starts, *range(len(text))]
    for place in places:
        char = text[place]
        if char.isascii() and char.isalnum() and char.lower() not in used:
            return place
    return None
