"""A program that answers as it is told, in place of one behind the control address."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.cli.commands import run_command
from metarr_desktop.cli.parser import build_parser

if TYPE_CHECKING:
    from collections.abc import Callable


class FakeSession:
    """Answers by action; remembers every call."""

    data_dir = Path("/data")

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.stops = True
        self.database_url: str | None = None

    def call(self, action: str, **params: Any) -> Any:
        self.calls.append((action, params))
        answer = self.answers.get(action)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def has_stopped(self) -> bool:
        return self.stops


@pytest.fixture
def session() -> FakeSession:
    return FakeSession()


@pytest.fixture
def run(session: FakeSession) -> Callable[..., int]:
    def run(*arguments: str) -> int:
        return run_command(build_parser().parse_args(arguments), session=session)

    return run
