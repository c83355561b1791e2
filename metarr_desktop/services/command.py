"""A program of a person's own, run for each event: never through a shell, and off until it is confirmed."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, field_validator

from metarr_desktop.domain.errors import NotSetUp, Permanent, Transient
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.declaration import Delivery, MessageConfig, Service
from metarr_desktop.services.event_document import document, flat
from metarr_desktop.services.notifier import Notifier
from metarr_desktop.services.program_run import run_program
from metarr_desktop.services.trial import Trial
from metarr_desktop.services.wording import cut

if TYPE_CHECKING:
    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.declaration import TestStep
    from metarr_desktop.services.program_run import Ended

TRY_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h."""
MOST_ARGUMENTS = 100
LONGEST_ARGUMENT = 4_000
LONGEST_VARIABLE = 16_000
DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"
PASSED_ON = ("PATH", "HOME", "LANG")


class CommandConfig(MessageConfig):
    """Settings of one program."""

    program: Annotated[
        str,
        Field(
            title="Program",
            max_length=4096,
            description="The whole path of a program on this computer.",
            json_schema_extra={"placeholder": "/home/anna/bin/on-new-film"},
        ),
    ]
    arguments: Annotated[
        str,
        Field(
            title="Arguments",
            description="One on each line, handed over as they are. What happened is in the environment.",
            json_schema_extra={"multiline": True},
        ),
    ] = ""
    time_limit: Annotated[
        int,
        Field(
            title="Time limit (seconds)",
            description="A program that takes longer is ended, with all it started.",
            ge=1,
            le=240,
        ),
    ] = 30
    confirmed: Annotated[
        bool,
        Field(
            title="I trust this program",
            description="It runs with your rights, and what senders tell is handed to it.",
        ),
    ]

    @field_validator("program")
    @classmethod
    def _is_path(cls, value: str) -> str:
        if not value.startswith("/") or "\0" in value:
            raise ValueError(Text("Enter the whole path of the program, from the / on."))
        return value

    @field_validator("arguments")
    @classmethod
    def _are_arguments(cls, value: str) -> str:
        arguments = value.split("\n")
        if len(arguments) > MOST_ARGUMENTS or any(len(each) > LONGEST_ARGUMENT for each in arguments):
            raise ValueError(
                text(
                    "At most {most} arguments of {length} characters are possible.",
                    most=MOST_ARGUMENTS,
                    length=LONGEST_ARGUMENT,
                )
            )
        if "\0" in value:
            raise ValueError(Text("An argument holds no NUL character."))
        return value


class CommandNotifier(Notifier[CommandConfig]):
    """Runs the program; what it returns says whether that was a delivery."""

    async def send(self, config: CommandConfig, notification: Notification) -> Delivery:
        """Run it once. 0 is done, 75 is tried again, everything else has failed for good."""
        _refuse_unconfirmed(config)
        await asyncio.to_thread(_look_at, config.program)
        ended = await run_program(
            config.program,
            _arguments(config),
            environment=environment(notification),
            seconds=config.time_limit,
        )
        return _delivery(ended, seconds=config.time_limit)

    async def test(self, config: CommandConfig) -> list[TestStep]:
        """Look at the program, and run nothing."""

        async def confirmed() -> Text:
            _refuse_unconfirmed(config)
            return Text("You trust this program.")

        async def program() -> Text:
            writable = await asyncio.to_thread(_look_at, config.program)
            if writable:
                return Text(
                    "The program is there. Warning: other users of this computer can change it."
                    " It was not run."
                )
            return Text("The program is there and can be run. It was not run.")

        trial = Trial(clock=self.clock)
        await trial.step("Trust", confirmed)
        await trial.step("Program", program)
        return trial.steps


def environment(notification: Notification) -> dict[str, str]:
    """Return all that the program finds in its environment; nothing of our own stands in it."""
    passed = {name: value for name in PASSED_ON if (value := os.environ.get(name))}
    told = {
        f"METARR_{name.upper()}": cut(value.replace("\0", ""), LONGEST_VARIABLE)
        for name, value in flat(document(notification)).items()
    }
    return {"PATH": DEFAULT_PATH, **passed, **told}


def _arguments(config: CommandConfig) -> list[str]:
    """Part them at line ends alone; what else Python takes for one may stand in a file's name."""
    lines = [line.removesuffix("\r") for line in config.arguments.split("\n")]
    return lines if lines[-1] else lines[:-1]


def _refuse_unconfirmed(config: CommandConfig) -> None:
    if not config.confirmed:
        raise NotSetUp("Command is not set up. Say in the settings that you trust this program.")


def _look_at(program: str) -> bool:
    """Return whether other users can change it. Raises NotSetUp where it cannot be run."""
    path = Path(program)
    try:
        found = path.stat()
    except OSError:
        raise NotSetUp(text("There is no program {program} on this computer.", program=program)) from None
    if not stat.S_ISREG(found.st_mode):
        raise NotSetUp(text("{program} is no program.", program=program))
    if not os.access(path, os.X_OK):
        raise NotSetUp(text("{program} may not be run. Make it executable with chmod +x.", program=program))
    return bool(found.st_mode & (stat.S_IWOTH | stat.S_IWGRP))


def _delivery(ended: Ended, *, seconds: int) -> Delivery:
    said = ended.last_line
    match ended.code:
        case 0:
            return Delivery(detail=text("The program is done. {detail}", detail=said))
        case None:
            raise Permanent(
                text(
                    "The program took longer than {seconds} s and was ended. {detail}",
                    seconds=seconds,
                    detail=said,
                )
            )
        case 75:
            raise Transient(text("The program asks to try again later. {detail}", detail=said))
        case code if code < 0:
            raise Permanent(text("The program was ended by signal {n}. {detail}", n=-code, detail=said))
        case code:
            raise Permanent(text("The program failed with {code}. {detail}", code=code, detail=said))


SERVICE = Service(
    key="command",
    title="Command",
    config=CommandConfig,
    notifier=CommandNotifier,
    docs="docs/services/command.md",
)
