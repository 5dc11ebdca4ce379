"""Reads of members' pictures."""

from django.db import connection

from members.uploads.addresses import FOLDER, is_key
from shop.core import clock

_FOUND = "SELECT is_public FROM uploads_upload WHERE id = %s AND (expires_at IS NULL OR expires_at > %s)"
# A public picture may be hidden at any time, so caches ask again soon.
EVERYBODY, WHO_HAS_A_KEY = "public, max-age=600", "private, max-age=3600"


def cache_rule(*, name: str, key: str) -> str | None:
    """How long a picture that is asked for may be kept; None when it is not to be seen. See `shop.core.media`."""
    upload_id = name.removeprefix(FOLDER)[3:].partition(".")[0]
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, [upload_id, clock.now()])
        found = cursor.fetchone()
    if found is None:
        return None
    if found[0]:
        return EVERYBODY
    return WHO_HAS_A_KEY if is_key(key, upload_id=upload_id) else None
