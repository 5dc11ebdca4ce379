"""Where a request came from: what quotas count by and what tells two people apart."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from shop.core.client_address import client_address

DEVICE_HEADER = "X-Device-Id"


@dataclass(frozen=True)
class Origin:
    """`address`: see `client_address`. `device`: a keyed hash of what the front calls the device it runs on, empty when
    it does not say. `agent`: the client's own description of itself.
    """

    address: str | None = None
    device: str = ""
    agent: str = ""


def origin_of(request: HttpRequest) -> Origin:
    named = request.headers.get(DEVICE_HEADER, "").strip()
    return Origin(
        address=client_address(request),
        device=salted_hmac("members.identity.device", named, algorithm="sha256").hexdigest() if named else "",
        agent=request.headers.get("User-Agent", ""),
    )
