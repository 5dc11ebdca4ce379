"""What a share card may lead to: the shop itself, or `<kind>-<id>`.

`settings.SHARE_TARGETS` maps each kind to a function `(*, pk, now) -> ShareTarget | None` by dotted path; rooms above
add their campaigns there.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Prefetch
from django.utils.module_loading import import_string

from members.invitations.errors import ShareTargetNotFound
from shop.catalog.models import Collection, Product, ProductImage
from shop.catalog.preferences import SHOP_NAME
from shop.catalog.queries import collection_is_open, on_shelf

_SHAPE = re.compile(r"([a-z]{1,10})-([1-9]\d{0,8})")


@dataclass(frozen=True)
class ShareTarget:
    """`key` is `<kind>-<id>`, empty for the shop. `image` is a name in the media storage, or empty."""

    key: str
    title: str
    subtitle: str = ""
    price_fen: int | None = None
    image: str = ""


def find_target(key: str, *, now: datetime) -> ShareTarget:
    """Raises ShareTargetNotFound."""
    if not key:
        return ShareTarget(key="", title=SHOP_NAME.value())
    shape = _SHAPE.fullmatch(key)
    if shape is None or shape[1] not in settings.SHARE_TARGETS:
        raise ShareTargetNotFound
    found = import_string(settings.SHARE_TARGETS[shape[1]])(pk=int(shape[2]), now=now)
    if found is None:
        raise ShareTargetNotFound
    return found


def product(*, pk: int, now: datetime) -> ShareTarget | None:
    images = Prefetch("images", ProductImage.objects.order_by("position", "id"))
    row = Product.objects.filter(on_shelf(now=now), pk=pk).prefetch_related(images).first()
    if row is None:
        return None
    first = next(iter(row.images.all()), None)
    return ShareTarget(
        key=f"product-{pk}",
        title=row.name,
        subtitle=row.subtitle,
        price_fen=row.min_price_fen,
        image=(first.image.name if first else None) or "",
    )


def collection(*, pk: int, now: datetime) -> ShareTarget | None:
    row = Collection.objects.filter(collection_is_open(now=now), pk=pk).first()
    if row is None:
        return None
    return ShareTarget(key=f"collection-{pk}", title=row.name, subtitle=row.description, image=row.banner.name or "")
