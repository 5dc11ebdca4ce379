"""How far visitors came in a period, from the facts of its days."""

import re
from datetime import date
from typing import Any, NamedTuple

from django.db.models.expressions import RawSQL

from analytics.events.answers import kept_answer
from analytics.events.dirty import FUNNEL
from analytics.events.names import FUNNEL_STEPS
from analytics.funnel.models import FunnelFact, Unit
from shop.core.replica import connection_for

# Of each visitor (and subject) the longest chain, of those the latest: a visitor of many days counts once.
_LONGEST = """
SELECT DISTINCT ON (subject, visitor_id) visitor_id, day, channel, device, subject, level FROM funnel_funnelfact
WHERE unit = %(unit)s AND day BETWEEN %(first)s AND %(last)s AND (%(subject)s = '' OR subject = %(subject)s)
ORDER BY subject, visitor_id, level DESC, started_at DESC
"""
_NAME = re.compile(r"%\((\w+)\)s")
_REACHED = ", ".join(f"count(*) FILTER (WHERE level >= {step})" for step in range(1, len(FUNNEL_STEPS) + 1))


class Steps(NamedTuple):
    """How many came at least as far as each of the five steps."""

    exposed: int = 0
    clicked: int = 0
    in_cart: int = 0
    ordered: int = 0
    paid: int = 0


class FunnelQuestion(NamedTuple):
    """`subject` is a product's id or a campaign; a chain is of the channel and device of its start."""

    first: date
    last: date
    unit: Unit = Unit.VISITOR
    subject: str = ""
    channel: str = ""
    device: str = ""

    @property
    def parameters(self) -> dict[str, Any]:
        return {**self._asdict(), "unit": self.unit.value}


def funnel_of(asked: FunnelQuestion) -> Steps:
    return _ask(asked, "''").get("", Steps())


def funnel_by(asked: FunnelQuestion, field: str) -> dict[object, Steps]:
    """By the `day` of the start, `channel`, `device` or `subject`; the parts add up to the whole."""
    if field not in ("day", "channel", "device", "subject"):
        raise ValueError(f"no funnel by {field}")
    return _ask(asked, field)


def visitors_reaching(asked: FunnelQuestion, step: str) -> RawSQL:
    """Those whom `funnel_of` counts at this step, to be looked for among sessions."""
    named = {**asked.parameters, "level": Steps._fields.index(step) + 1}
    sql = (
        f"SELECT longest.visitor_id FROM ({_LONGEST}) longest WHERE level >= %(level)s"
        " AND (%(channel)s = '' OR channel = %(channel)s) AND (%(device)s = '' OR device = %(device)s)"
    )
    # What stands inside another query takes its parameters by their places.
    return RawSQL(_NAME.sub("%s", sql), [named[name] for name in _NAME.findall(sql)])


def _ask(asked: FunnelQuestion, field: str) -> dict[object, Steps]:
    question = {**asked.parameters, "field": field}
    rows = kept_answer(kind=FUNNEL, question="funnel", asked=question, work_out=lambda: _work_out(asked, field))
    return {row[0]: Steps(*row[1:]) for row in rows}


def _work_out(asked: FunnelQuestion, field: str) -> list[tuple[Any, ...]]:
    with connection_for(FunnelFact).cursor() as cursor:
        cursor.execute(
            f"SELECT {field}, {_REACHED} FROM ({_LONGEST}) longest"
            " WHERE (%(channel)s = '' OR channel = %(channel)s) AND (%(device)s = '' OR device = %(device)s)"
            " GROUP BY 1 ORDER BY 2 DESC, 1",
            asked.parameters,
        )
        return cursor.fetchall()
