"""The types of JSON that only the API speaks; the others are in ``wire_forms.py``."""

from __future__ import annotations

from typing_extensions import TypedDict

from metarr_desktop.app.wire_forms import EndedJobJson, JobJson  # noqa: TC001 - pydantic reads them
from metarr_desktop.domain.job_messages import MessageKind  # noqa: TC001


class JobIdJson(TypedDict):
    """The job that was meant, or that was made."""

    job_id: int


class RetriedJson(TypedDict):
    """How many jobs are tried again."""

    retried: int


class MessageJson(TypedDict):
    """One message of the stream: what happened, when, and the job as it was then."""

    type: MessageKind
    at: str | None
    job: JobJson | EndedJobJson


class ProblemJson(TypedDict):
    """Why a request of the API was not done: a word for scripts, a sentence for people."""

    kind: str
    message: str


class ErrorJson(TypedDict):
    """The answer of the API to a request that was not done."""

    error: ProblemJson
