"""Where a request came from, for quotas and rate limits."""

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The client's IPv4 address, or the /64 network of its IPv6 address: whoever has one address there has them all.

    `X-Forwarded-For` is believed only as far as `TRUSTED_PROXY_COUNT` says; the rest of it is the client's own claim.
    None for loopback, which is the shop's own machine and names no client: counting it would lock out everybody
    behind a proxy that was not declared.
    """
    hops = settings.TRUSTED_PROXY_COUNT
    forwarded = [each.strip() for each in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    raw = forwarded[-hops] if 0 < hops <= len(forwarded) else request.META.get("REMOTE_ADDR", "")
    try:
        address = ip_address(raw)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if address.is_loopback:
        return None
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False).network_address)
    return str(address)
