"""How a price falls: the steps from the list price to the floor, drawn before the first of them is made. Pure.

A plan is a list of steps in fen. Whoever helps takes the next one, a new member the next few; as each step is taken
once, all of them together are the whole span, whoever comes and in whatever order.
"""

from random import Random

from shop.core.money import spread

WHOLE_BP = 10_000


def plan_of(*, span_fen: int, fewest: int, most: int, first_bp: int, seed: str) -> list[int]:
    """From `fewest` to `most` steps that sum exactly to `span_fen`, each of them at least 1 fen.

    The first takes about `first_bp` of the span, and no other takes more. With less fen than steps there are fewer
    steps. The same arguments give the same plan. Raises ValueError where there is nothing to cut.
    """
    if span_fen < 1 or not 1 <= fewest <= most:
        raise ValueError("a plan needs at least 1 fen and one step")
    chance = Random(seed)
    count = min(chance.randint(fewest, most), span_fen)
    others = [chance.randint(50, 150) for _ in range(count - 1)]
    first = max(sum(others) * first_bp // (WHOLE_BP - first_bp), *others, 1)
    return [1 + share for share in spread(span_fen - count, [first, *others])]
