from members.identity.models import Member
from promotions.distribution.models import Withdrawal
from promotions.distribution.preferences import PAID_AS
from promotions.distribution.services.withdrawing import ask_for_withdrawal
from promotions.distribution.tests.making import distributor, earned
from shop.core import clock
from shop.core.preferences import set_preference
from tests.access import Door, Thing, Who

READ_ONLY = ("standing", "grade", "grade_id", "recruiter", "joined_at", "available_fen")
WRITTEN = ("status", "net_fen", "fee_fen", "tax_fen", "points", "number")


def withdrawal(owner: Member) -> Thing:
    now = clock.now()
    set_preference(PAID_AS, "points")
    earned(distributor(owner, now=now), 5_000, now=now)
    made = ask_for_withdrawal(member_id=owner.pk, amount_fen=2_000, method="points", now=now)
    return Thing({"number": made.number}, Withdrawal.objects.get(pk=made.pk))


DOORS = (
    Door("GET", "distribution"),
    Door("POST", "distribution/join", read_only=READ_ONLY),
    Door("POST", "distribution/visits", read_only=("bound", "distributor_id", "locked_at", "until")),
    Door("GET", "distribution/commissions"),
    Door("GET", "distribution/entries"),
    Door("GET", "distribution/customers"),
    Door("GET", "distribution/withdrawals"),
    Door("POST", "distribution/withdrawals", read_only=WRITTEN),
    Door("GET", "distribution/withdrawals/<number:number>", thing=withdrawal),
    Door("POST", "distribution/withdrawals/<number:number>/cancel", thing=withdrawal, read_only=WRITTEN),
    Door("GET", "distribution/leaderboard"),
    Door("GET", "distribution/code"),
    Door("POST", "distribution/payouts/notify", Who.GATEWAY),
)
