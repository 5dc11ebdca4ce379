"""Jobs that ask gateways about one thing after the other: what one gateway fails at holds up nothing of another."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import structlog
from django.conf import settings
from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_noop

from orders.payments.errors import PaymentMethodUnavailable
from orders.payments.gateways.base import MAX_FAILURES
from orders.payments.models import PaymentMethod
from shop.core.alerts import clear_alert, raise_alert
from shop.core.errors import DomainError
from shop.core.failures import Failures

SWITCHED_OFF = gettext_noop("{method} is switched off, but payments or refunds by it are still under way")

M = TypeVar("M", bound=Model)

log = structlog.get_logger(__name__)


def sweep(rows: QuerySet[M], ask: Callable[[M], None], *, by: str, limit: int, now: datetime) -> int:
    """Ask about up to `limit` rows of each payment method, which stands in their field `by`; returns how many failed.

    One that fails some times is left alone until the next run; `ask` puts off what failed before it raises. What is no
    refusal holds up nothing and is raised at the end.
    """
    failures = Failures("Not asked about")
    failed = 0
    for method in PaymentMethod.values:
        failed += _of_method(rows.filter(**{by: method})[:limit], ask, method, now, failures)
    failures.raise_them()
    return failed


def _of_method(rows: QuerySet[M], ask: Callable[[M], None], method: str, now: datetime, failures: Failures) -> int:
    answered = failed = 0
    for row in rows:
        with failures.of(row):
            try:
                ask(row)
                answered += 1
            except DomainError as error:
                failed += 1
                log.warning("gateway_not_asked", method=method, about=str(row), error=error.code)
                if isinstance(error, PaymentMethodUnavailable):
                    _alert(method, now=now)
        if failed == MAX_FAILURES:
            break
    if answered:
        clear_alert(cause=_cause(method))
    return failed


def _cause(method: str) -> str:
    return f"payments.switched_off.{method}"


def _alert(method: str, *, now: datetime) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        name = str(PaymentMethod(method).label)
    raise_alert(
        cause=_cause(method),
        message=SWITCHED_OFF,
        data={"method": name},
        link=reverse("admin:payments_payment_changelist") + f"?method__exact={method}",
        permission="payments.view_payment",
        now=now,
    )
