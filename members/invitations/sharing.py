"""A member's share card of one target, drawn once and kept for a while."""

from dataclasses import astuple
from datetime import datetime
from hashlib import blake2b

import orjson
import redis
import structlog
from django.core.cache import cache
from django.utils.translation import gettext as _

from members.identity.models import Member
from members.invitations.card import LAYOUT, Card, draw_card
from members.invitations.codes import invite_link, invite_picture
from members.invitations.targets import ShareTarget, find_target
from shop.catalog.preferences import SHOP_NAME
from shop.core.money import yuan

KEPT_SECONDS = 3600

log = structlog.get_logger(__name__)


class ShareCard:
    """Knows its ETag before anything is drawn. `picture()` may call WeChat, so not inside a transaction."""

    def __init__(self, *, member: Member, target: str, now: datetime) -> None:
        """Raises ShareTargetNotFound."""
        self._code, self._target = member.invite_code, find_target(target, now=now)
        self._card = _card(member, self._target)
        link = invite_link(invite_code=self._code, target=self._target.key)
        said = orjson.dumps([LAYOUT, link, *astuple(self._card)])
        self.digest = blake2b(said, digest_size=16).hexdigest()

    def picture(self) -> bytes:
        key = f"share-card:{self.digest}"
        try:
            held = cache.get(key)
        except redis.RedisError as error:
            log.warning("share_card_cache_away", error=type(error).__name__)
            return self._draw()[0]
        if held is not None:
            return held
        drawn, final = self._draw()
        if final:
            cache.set(key, drawn, KEPT_SECONDS)
        return drawn

    def _draw(self) -> tuple[bytes, bool]:
        picture, final = invite_picture(invite_code=self._code, target=self._target.key)
        return draw_card(self._card, code=picture), final


def _card(member: Member, target: ShareTarget) -> Card:
    name = member.nickname or _("A friend")
    return Card(
        title=target.title,
        subtitle=target.subtitle,
        price=yuan(target.price_fen) if target.price_fen is not None else "",
        image=target.image,
        invitation=_("{name} invites you").format(name=name),
        hint=_("Long-press or scan the code"),
        shop=SHOP_NAME.value() if target.key else "",
    )
