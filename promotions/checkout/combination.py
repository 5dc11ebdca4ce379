"""The matrix of what combines with what, as the merchant has set it."""

from collections.abc import Mapping

from promotions.checkout.models import CombinationRule
from promotions.pricing.model import Combination, Mechanism
from shop.core.kept import Kept
from shop.core.transactions import use_case

Pair = tuple[Mechanism, Mechanism]
PRICES = (Mechanism.ACTIVITY, Mechanism.MEMBER_PRICE, Mechanism.TIMED_DISCOUNT)
# A line has one unit price, and points are used once: there is nothing to combine.
PAIRS: tuple[Pair, ...] = tuple(
    (one, other)
    for one in Mechanism
    for other in Mechanism
    if not (one in PRICES and other in PRICES) and (one, other) != (Mechanism.POINTS, Mechanism.POINTS)
)


@use_case
def set_combination(*, agreements: Mapping[Pair, bool]) -> int:
    """Store who agrees with whom; returns how many answers are new. Who gave them is in the history of the rows."""
    known = {(Mechanism(each.one), Mechanism(each.other)): each for each in CombinationRule.objects.all()}
    before, changed = combination_of(known), 0
    for pair, agrees in sorted(agreements.items()):
        if agrees == (pair not in before.refused):
            continue
        row = known.get(pair) or CombinationRule(one=pair[0], other=pair[1])
        row.agrees = agrees
        row.save()
        changed += 1
    COMBINATION.forget()
    return changed


def combination_of(rules: Mapping[Pair, CombinationRule]) -> Combination:
    refused = set(Combination().refused)
    for pair, rule in rules.items():
        (refused.discard if rule.agrees else refused.add)(pair)
    return Combination(frozenset(refused))


def _stored() -> Combination:
    rows = CombinationRule.objects.all()
    return combination_of({(Mechanism(each.one), Mechanism(each.other)): each for each in rows})


COMBINATION = Kept(_stored)
