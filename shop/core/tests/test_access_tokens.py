"""Access tokens: what is issued is read, whatever else somebody makes of it is refused."""

import base64
import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from shop.core import clock
from shop.core.access_tokens import AccessTokens
from shop.core.errors import NotSignedIn

MEMBERS, STAFF = AccessTokens("member"), AccessTokens("staff")
KEY = "key-of-the-test-that-is-long-enough"
# The signature is HMAC-SHA-256 with KEY: issued at the beginning of 2026, for half an hour.
HEADER = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
CLAIMS = "eyJ0b2tlbl90eXBlIjoibWVtYmVyIiwiaWF0IjoxNzY3MjI1NjAwLCJleHAiOjE3NjcyMjc0MDAsIm1lbWJlciI6Nywic2Vzc2lvbiI6OX0"
KNOWN = f"{HEADER}.{CLAIMS}.x22vIa7MbvGth1UlDJKbD4I2EjViszuUh9610eomIMo"


@pytest.fixture(autouse=True)
def _key(settings):
    settings.SECRET_KEY, settings.ACCESS_TOKEN_MINUTES = KEY, 30


def part(said):
    return base64.urlsafe_b64encode(said).decode().rstrip("=")


def signed(header, claims, key=KEY, algorithm=sha256):
    text = f"{part(header)}.{part(claims)}"
    return f"{text}.{part(hmac.digest(key.encode(), text.encode(), algorithm))}"


def claims(lives=60, kind=b"member"):
    until = str(int(clock.now().timestamp()) + lives).encode()
    return b'{"token_type":"' + kind + b'","exp":' + until + b',"member":7,"session":9}'


def test_a_token_is_what_any_library_would_write():
    assert MEMBERS.issue(now=datetime(2026, 1, 1, tzinfo=UTC), member=7, session=9) == KNOWN


@pytest.mark.parametrize(("second", "lives"), [(1767227399, True), (1767227400, False)])
def test_a_token_dies_at_its_second(monkeypatch, second, lives):
    monkeypatch.setattr("shop.core.access_tokens.time", lambda: float(second))
    if lives:
        assert MEMBERS.read(KNOWN, "member") == (7,)
    else:
        with pytest.raises(NotSignedIn):
            MEMBERS.read(KNOWN)


def test_a_token_opens_the_doors_of_its_kind_only():
    now = clock.now()
    assert STAFF.read(STAFF.issue(now=now, session=3), "session") == (3,)
    for kind, token in ((MEMBERS, STAFF.issue(now=now, session=3)), (STAFF, MEMBERS.issue(now=now, member=3))):
        with pytest.raises(NotSignedIn):
            kind.read(token, "session")


def test_what_was_not_signed_here_is_refused():
    ours = b'{"alg":"HS256","typ":"JWT"}'
    good = signed(ours, claims())
    assert MEMBERS.read(good, "session") == (9,)
    head, said, signature = good.split(".")
    forged = [
        "",
        "x",
        "..",
        "é.é.é",
        f"{head}.{said}",
        f"{head}.{said}.",
        f"{head}.{said}.{signature[:-1]}",
        f"{head}.{part(claims().replace(b':7,', b':8,'))}.{signature}",
        signed(ours, claims(), key="another-key-that-is-long-enough-too"),
        signed(ours, claims(), algorithm="sha512"),
        # Nobody chooses how a token is verified.
        signed(b'{"alg":"none","typ":"JWT"}', claims()),
        signed(b'{"alg":"HS512","typ":"JWT"}', claims(), algorithm="sha512"),
        signed(ours, claims(lives=-1)),
        signed(ours, claims(kind=b"staff")),
        # Signed by the shop, but not what it writes.
        signed(ours, claims().replace(b"session", b"sitting")),
        signed(ours, claims().replace(b":9", b':"x"')),
        signed(ours, claims().replace(b'"exp":', b'"exp":"later","was":')),
    ]
    for token in forged:
        with pytest.raises(NotSignedIn):
            MEMBERS.read(token, "session")


def test_a_token_of_a_moment_ago_is_read_now():
    assert MEMBERS.read(MEMBERS.issue(now=clock.now() - timedelta(minutes=29), member=1), "member") == (1,)
