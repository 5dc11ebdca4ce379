"""More of a prize: the one thing about published prizes that may change.

The odds stay what they were. More of a prize means that fewer draws yield the fallback instead of it, which takes
nothing from anybody; less of it would.
"""

from collections.abc import Iterable

from promotions.campaigns.locks import lock_campaign
from promotions.campaigns.models import CampaignStatus
from promotions.lottery.codes import fingerprint, seal
from promotions.lottery.errors import LotteryEnded, StockOnlyGrows
from promotions.lottery.models import Lottery, Prize, PrizeCode
from shop.core.transactions import use_case

MOST_CODES = 20_000


@use_case
def add_stock(*, prize_id: int, units: int) -> Prize:
    """Raises StockOnlyGrows for a prize without a number, or one of codes; LotteryEnded."""
    prize = _open_prize(prize_id)
    if units <= 0 or prize.stock is None or prize.kind == Prize.Kind.CODE:
        raise StockOnlyGrows
    return _grown(prize, units)


@use_case
def import_codes(*, prize_id: int, codes: Iterable[str]) -> int:
    """Seal the codes that are not there yet; there are as many of the prize as it has codes. Returns how many came.

    Raises StockOnlyGrows for a prize that is no code, LotteryEnded.
    """
    prize = _open_prize(prize_id)
    if prize.kind != Prize.Kind.CODE:
        raise StockOnlyGrows
    wanted = {fingerprint(code): code for code in codes}
    known = PrizeCode.objects.filter(prize=prize, fingerprint__in=wanted).values_list("fingerprint", flat=True)
    there = {bytes(each) for each in known}
    rows = [
        PrizeCode(prize=prize, sealed=seal(code), fingerprint=key) for key, code in wanted.items() if key not in there
    ]
    PrizeCode.objects.bulk_create(rows, batch_size=2_000)
    if rows:
        _grown(prize, len(rows))
    return len(rows)


def _open_prize(prize_id: int) -> Prize:
    """Under the lock of its lottery, at which publishing and whoever else adds wait."""
    lottery_id = Prize.objects.values_list("lottery", flat=True).get(pk=prize_id)
    if lock_campaign(Lottery, lottery_id).status == CampaignStatus.ENDED:
        raise LotteryEnded
    return Prize.objects.get(pk=prize_id)


def _grown(prize: Prize, units: int) -> Prize:
    """With its history; the counters that draws move meanwhile are left alone."""
    prize.stock = (prize.stock or 0) + units
    prize.save(update_fields=["stock"])
    return prize
