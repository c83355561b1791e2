from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.app.listener import Listener

if TYPE_CHECKING:
    from metarr_desktop.app.core import Core


class Server:
    def __init__(self, host: str) -> None:
        self.address = (host, 3000)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", False), ("::1", False), ("0.0.0.0", False), ("::", False), ("192.168.1.20", True)],
)
async def test_on_one_address_of_the_home_network_even_this_computer_needs_the_key(
    core: Core, host: str, expected: bool
) -> None:
    server: Any = Server(host)
    core.settings.override(port=None, host=host)
    listener = Listener(server=server, receiving=core.receiving, settings=core.settings, bus=core.bus)
    assert listener.needs_key is expected
    await core.commands.save_settings(require_key_locally=True)
    assert listener.needs_key
