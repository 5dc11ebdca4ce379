from members.identity.models import Member
from promotions.lottery.services import import_codes
from promotions.lottery.tests.making import draft_lottery, draw_once, give, make_live_lottery, published, sure
from shop.core import clock
from tests.access import Door, Thing, Who


def lottery(owner: Member) -> Thing:
    row = make_live_lottery()
    give(row, owner, now=clock.now())
    return Thing({"lottery_id": row.pk}, row)


def won_code(owner: Member) -> Thing:
    now = clock.now()
    row = draft_lottery(*sure(kind="code", stock=0), now=now)
    import_codes(prize_id=row.prizes.get(kind="code").pk, codes=["FILM-1"])
    published(row, now=now)
    give(row, owner, now=now)
    made = draw_once(row, owner, now=now)
    return Thing({"draw_id": made.pk}, made.win)


DOORS = (
    Door("GET", "lotteries", Who.ANYBODY),
    Door("GET", "lotteries/<int:lottery_id>", Who.ANYBODY, thing=lottery),
    Door(
        "POST",
        "lotteries/<int:lottery_id>/draws",
        thing=lottery,
        not_yours=False,
        read_only=("draw_id", "prize", "value", "member_id"),
    ),
    Door("GET", "me/prizes"),
    Door("POST", "me/prizes/<int:draw_id>/reveal", thing=won_code, read_only=("code", "revealed_at")),
)
