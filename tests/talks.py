"""A person who signs in, as tests play them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.domain.text import Text
    from metarr_desktop.services.sign_in import Offer, Prompt


class FakeTalk:
    """Keeps what is shown, and chooses by key."""

    def __init__(self, *, choice: str = "") -> None:
        self.prompts: list[Prompt] = []
        self.news: list[str] = []
        self.questions: list[tuple[str, ...]] = []
        self._choice = choice

    def show(self, prompt: Prompt, /) -> None:
        self.prompts.append(prompt)

    def tell(self, news: Text, /) -> None:
        self.news.append(str(news))

    async def choose(self, _question: Text, offers: Sequence[Offer], /) -> Offer:
        self.questions.append(tuple(offer.title for offer in offers))
        return next(offer for offer in offers if offer.key == self._choice)
