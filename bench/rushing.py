"""A flash sale and the crowd that waits for it; runs inside Django (`Shop.call`)."""

from datetime import timedelta

from members.identity.models import Address, Member, MemberSession
from members.identity.tokens import issue_access_token
from promotions.campaigns.services.lifecycle import findings_of, publish_campaign, save_draft
from promotions.flash_sale.models import FlashSale, FlashSaleItem, FlashSaleSession
from shop.catalog.models import Sku
from shop.core import clock
from shop.core.actors import Actor
from shop.core.transactions import unit_of_work

MERCHANT = Actor.staff("bench")
LONG = timedelta(hours=6)


def open_sale(*, sku_id: int, units: int, limit: int | None) -> int:
    """A sale that has just begun, of so many units at a tenth less; returns the item's id."""
    now = clock.now()
    with unit_of_work():
        sale = FlashSale(name="压测秒杀", starts_at=now - LONG, ends_at=now + LONG, budget_fen=None)
        save_draft(campaign=sale, actor=MERCHANT, now=now)
        session = FlashSaleSession.objects.create(sale=sale, starts_at=now, ends_at=now + LONG)
        price_fen = Sku.objects.get(pk=sku_id).price_fen * 9 // 10
        item = FlashSaleItem.objects.create(
            session=session, sku_id=sku_id, price_fen=price_fen, quota=units, limit_per_member=limit
        )
    noted = {each.code for each in findings_of(sale, now=now)}
    publish_campaign(kind=sale.KIND, pk=sale.pk, actor=MERCHANT, now=now, noted=noted)
    return item.pk


def gather(*, buyers: int, prefix: str) -> list[str]:
    """So many new members with an address, signed in; returns their access tokens."""
    now = clock.now()
    members = Member.objects.bulk_create(
        [Member(invite_code=f"{prefix}{number:05d}", joined_at=now) for number in range(buyers)]
    )
    Address.objects.bulk_create(
        [
            Address(
                member=each, name="家", phone="+8613800138000", region_id="330106", detail="中山路", is_default=True
            )
            for each in members
        ]
    )
    sessions = MemberSession.objects.bulk_create(
        [
            MemberSession(
                member=each,
                key_hash=f"{prefix}{each.pk}",
                secret_hash="-",
                created_at=now,
                refreshed_at=now,
                expires_at=now + 4 * LONG,
            )
            for each in members
        ]
    )
    return [issue_access_token(member_id=each.member_id, session_id=each.pk, now=now) for each in sessions]
