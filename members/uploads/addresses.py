"""Where pictures lie and by which address they are seen.

A private picture's address carries a key that lasts until the end of the next day in Shanghai: the same one all day,
so that fronts and caches know what they have. A public one needs none.
"""

from datetime import date, timedelta

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from shop.core import clock
from shop.core.images import thumbnail_name

FOLDER = "uploads/"
_SALT = "members.uploads.key"


def file_name(upload_id: str) -> str:
    return f"{FOLDER}{upload_id[:2]}/{upload_id}.jpg"


def picture(upload_id: str, *, public: bool = False) -> dict[str, str]:
    """What fronts get of a picture: `{id, url, thumbnail_url}`; `public` gives addresses without a key."""
    name = file_name(upload_id)
    key = "" if public else f"?key={new_key(upload_id)}"
    return {
        "id": upload_id,
        "url": f"{settings.MEDIA_URL}{name}{key}",
        "thumbnail_url": f"{settings.MEDIA_URL}{thumbnail_name(name)}{key}",
    }


def new_key(upload_id: str) -> str:
    return _key(upload_id, clock.business_day(clock.now()) + timedelta(days=1))


def is_key(key: str, *, upload_id: str) -> bool:
    """Whether `key` opens the picture still."""
    try:
        last_day = date.fromisoformat(key[:8])
    except ValueError:
        return False
    return last_day >= clock.business_day(clock.now()) and constant_time_compare(key, _key(upload_id, last_day))


def _key(upload_id: str, last_day: date) -> str:
    stamp = f"{last_day:%Y%m%d}"
    return stamp + salted_hmac(_SALT, f"{upload_id}:{stamp}", algorithm="sha256").hexdigest()[:32]
