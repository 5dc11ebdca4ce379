import pytest
from django.test import RequestFactory

from shop.core.client_address import client_address


@pytest.mark.parametrize(
    ("proxies", "remote", "forwarded", "expected"),
    [
        (0, "203.0.113.7", None, "203.0.113.7"),
        (0, "203.0.113.7", "198.51.100.1", "203.0.113.7"),
        (1, "127.0.0.1", "198.51.100.1", "198.51.100.1"),
        (1, "127.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (2, "127.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
        (2, "203.0.113.7", "6.6.6.6", "203.0.113.7"),
        (1, "127.0.0.1", "not an address", None),
        (0, "127.0.0.1", None, None),
        (0, "::1", None, None),
        (0, "2001:db8:1:2:aaaa::1", None, "2001:db8:1:2::"),
        (0, "::ffff:203.0.113.7", None, "203.0.113.7"),
        (0, "::ffff:127.0.0.1", None, None),
    ],
)
def test_where_a_request_came_from(settings, proxies, remote, forwarded, expected):
    settings.TRUSTED_PROXY_COUNT = proxies
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    assert client_address(RequestFactory().get("/", REMOTE_ADDR=remote, **headers)) == expected
