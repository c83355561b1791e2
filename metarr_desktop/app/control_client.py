"""Calls to the running program through its control address, with the standard library only: it is quick."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

CONTROL_FILE = "control.json"
HOST = "127.0.0.1"
TIMEOUT_S = 30.0
SLOW_S = 240.0
SLOW = frozenset(
    {
        "source_connect",
        "source_resume",
        "source_new_key",
        "source_remove",
        "mapping_propose",
        "service_test",
    }
)
"""A sender tests our webhook inside the call that changes it, and may take its time, as may a long list."""
LARGEST_CALL = 1024 * 1024


class NotRunningError(Exception):
    """No program answers for this data folder; ``asked`` where something got the call and gave no answer."""

    def __init__(self, *, asked: bool = False) -> None:
        super().__init__("no program answers")
        self.asked = asked


class CallFailedError(Exception):
    """The action was refused or failed; ``kind`` decides the exit status."""

    def __init__(self, *, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def call_running(
    data_dir: Path, action: str, params: dict[str, Any], *, timeout_s: float | None = None
) -> Any:  # noqa: ANN401 - the answer's JSON
    """Call the program that runs on this folder. Raises NotRunningError or CallFailedError."""
    timeout_s = timeout_s or (SLOW_S if action in SLOW else TIMEOUT_S)
    body = json.dumps({"action": action, "params": params}).encode()
    if len(body) > LARGEST_CALL:
        raise CallFailedError(kind="refused", message="What was given is too long.")
    port, token = _read_address(data_dir)
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout_s)
    try:
        try:
            connection.connect()
        except OSError as error:
            raise NotRunningError from error
        answer = _ask(connection, body, token=token)
    except TimeoutError as error:
        message = f"Metarr Desktop did not answer within {timeout_s:g} s. Look at its log, then try again."
        raise CallFailedError(kind="timeout", message=message) from error
    finally:
        connection.close()
    return result_of(answer)


def result_of(answer: dict[str, Any]) -> Any:  # noqa: ANN401 - the answer's JSON
    """Take the result out of an answer. Raises CallFailedError where it is an error."""
    if "error" in answer:
        error = answer["error"]
        raise CallFailedError(kind=str(error["kind"]), message=str(error["message"]))
    return answer["result"]


def _read_address(data_dir: Path) -> tuple[int, str]:
    try:
        found = json.loads((data_dir / CONTROL_FILE).read_text(encoding="utf-8"))
        return int(found["port"]), str(found["token"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotRunningError from error


def _ask(connection: http.client.HTTPConnection, body: bytes, *, token: str) -> dict[str, Any]:
    """Ask; whoever took over the port of a program that was killed knows no token, or this form of answer."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        connection.request("POST", "/call", body=body, headers=headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
    except TimeoutError:
        raise
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise NotRunningError(asked=True) from error
    if response.status == http.client.FORBIDDEN or not _is_answer(answer):
        raise NotRunningError(asked=True)
    fine: dict[str, Any] = answer
    return fine


def _is_answer(answer: object) -> bool:
    if not isinstance(answer, dict):
        return False
    error = answer.get("error")
    return "result" in answer or (isinstance(error, dict) and {"kind", "message"} <= error.keys())
