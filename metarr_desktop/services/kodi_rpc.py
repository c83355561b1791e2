"""JSON-RPC as Kodi speaks it over HTTP. https://kodi.wiki/view/JSON-RPC_API."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.errors import AuthFailed, Permanent, Transient
from metarr_desktop.domain.text import text
from metarr_desktop.services.answer import refusal
from metarr_desktop.services.http import LAN

if TYPE_CHECKING:
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.services.answer import Answer
    from metarr_desktop.services.http import Http

LONGEST_PATH = 8000
"""In bytes; old versions of Kodi take bodies of 20,000 bytes, and a path may double when it is escaped."""


class KodiRpc:
    """Calls to one Kodi. Always POST: Kodi lets GET read only."""

    def __init__(
        self, *, http: Http, clock: Clock, host: str, port: int, username: str, password: str
    ) -> None:
        self._http = http
        self._clock = clock
        self.place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._headers: dict[str, str] = {}
        self._secrets = [password]
        if username or password:
            token = base64.b64encode(f"{username}:{password}".encode("utf-8", "replace")).decode()
            self._headers["Authorization"] = f"Basic {token}"
            self._secrets.append(token)
        self._id = 0

    @property
    def login(self) -> str:
        """What Kodi is shown to let us in; a secret."""
        return self._headers.get("Authorization", "")

    async def call(
        self, method: str, *, slow: bool = False, within: float | None = None, **params: Any
    ) -> Any:  # noqa: ANN401 - JSON
        """Call a method and return its result. Raises AuthFailed, Transient or Permanent."""
        self._id += 1
        body: dict[str, Any] = {"jsonrpc": "2.0", "id": self._id, "method": method}
        if params:
            body["params"] = params
        answer = await self._http.request(
            "POST",
            f"http://{self.place}/jsonrpc",
            reach=LAN,
            headers=self._headers,
            json_body=body,
            secrets=self._secrets,
            slow=slow,
            within=within,
        )
        return self._result(answer, method=method)

    def _result(self, answer: Answer, *, method: str) -> Any:  # noqa: ANN401 - JSON
        match answer.status:
            case 401:
                raise AuthFailed("Key rejected: Kodi does not accept this user name and password.")
            case 404 | 405 | 415:
                raise Permanent(
                    text(
                        "What answers at {place} is not Kodi (HTTP {code}). Check host and port.",
                        place=self.place,
                        code=answer.status,
                    )
                )
            case _ if not answer.ok:
                raise refusal(answer, now=self._clock.now())
        reply = answer.json_object()
        # Kodi does not always begin with "error", and answers 200 in any case.
        if "error" in reply:
            raise self._failure(reply["error"], answer=answer, method=method)
        if "result" in reply:
            return reply["result"]
        if not answer.body.strip():
            raise Transient(text("Kodi at {place} gave an empty answer.", place=self.place))
        raise Permanent(text("What answers at {place} is not Kodi. Check host and port.", place=self.place))

    def _failure(self, error: object, *, answer: Answer, method: str) -> Transient | Permanent:
        code = error.get("code") if isinstance(error, dict) else None
        said = answer.hide(str(error.get("message", "")) if isinstance(error, dict) else "")
        sentence = text(
            "Kodi refused {method}: {message} ({code})",
            method=method,
            message=said or "no reason given",
            code=code if isinstance(code, int) else "no code",
        )
        match code:
            case -32603 | -32100:  # internal error (database locked), failed to execute
                return Transient(sentence)
            case -32099:  # bad client permission
                return Permanent(text("Kodi does not allow {method} over HTTP.", method=method))
            case -32601:  # method not found
                return Permanent(text("This Kodi is too old: it does not know {method}.", method=method))
            case _:
                return Permanent(sentence)


def part(value: object, name: str) -> object:
    """Return a part of an answer; None where the answer has another shape."""
    return value.get(name) if isinstance(value, dict) else None


def entries(value: object, name: str) -> list[dict[str, Any]]:
    """Return a list of an answer, as far as it is made of objects; without any the key is absent."""
    listed = part(value, name)
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
