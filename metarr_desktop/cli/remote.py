"""Calls to the running program through its control address, with the standard library only."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

TIMEOUT_S = 30.0


class NotRunningError(Exception):
    """No program answers for this data folder."""


class CallFailedError(Exception):
    """The action was refused or failed; ``kind`` decides the exit code."""

    def __init__(self, *, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def call_running(data_dir: Path, action: str, params: dict[str, Any]) -> Any:  # noqa: ANN401 - the answer's JSON
    """Call the program that runs on this folder. Raises NotRunningError or CallFailedError."""
    try:
        found = json.loads((data_dir / "control.json").read_text(encoding="utf-8"))
        port, token = int(found["port"]), str(found["token"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotRunningError from error
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request(
            "POST",
            "/call",
            body=json.dumps({"action": action, "params": params}),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        answer = json.loads(connection.getresponse().read())
    except ConnectionRefusedError as error:
        raise NotRunningError from error
    except TimeoutError as error:
        message = f"The program did not answer within {TIMEOUT_S:g} s."
        raise CallFailedError(kind="refused", message=message) from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise NotRunningError from error
    finally:
        connection.close()
    if isinstance(answer, dict) and "result" in answer:
        return answer["result"]
    problem = answer.get("error", {}) if isinstance(answer, dict) else {}
    raise CallFailedError(
        kind=str(problem.get("kind", "refused")), message=str(problem.get("message", "No answer."))
    )
