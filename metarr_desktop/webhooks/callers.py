"""Reads from the head of a request who calls, before anything of its body."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from metarr_desktop.domain.networks import parse_address
from metarr_desktop.webhooks.addresses import path_within
from metarr_desktop.webhooks.guard import Caller, given_keys
from metarr_desktop.webhooks.proxies import MARKS, client_of

if TYPE_CHECKING:
    from aiohttp import web

    from metarr_desktop.webhooks.guard import ReceivingRules


def caller_of(request: web.Request, rules: ReceivingRules) -> Caller:
    """Read the head; several ``Host`` headers are no name at all."""
    headers, remote = request.headers, request.remote or ""
    client = client_of(
        str(parse_address(remote) or remote),
        forwarded=headers.getall("Forwarded", ()),
        forwarded_for=headers.getall("X-Forwarded-For", ()),
        via=any(mark in headers for mark in MARKS),
        trusted=rules.trusted_proxies,
    )
    path = path_within(request.rel_url.raw_path, base_path=rules.base_path)
    return Caller(
        peer=client.address,
        proxy=client.proxy,
        forwarded=client.forwarded,
        host=",".join(headers.getall("Host", ())),
        keys=given_keys(
            query=request.query.getall("apikey", ()) if request.query_string else (),
            header=headers.get("X-Api-Key"),
            authorization=headers.get("Authorization"),
        ),
        path="" if path is None else unquote(path),
        from_page="Origin" in headers or headers.get("Sec-Fetch-Site", "none") != "none",
    )
