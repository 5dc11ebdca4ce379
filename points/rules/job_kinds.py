"""Backtests, as the job centre shows them."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from points.rules.models import Backtest
from points.rules.services.backtesting import retry_backtest, stop_backtest
from shop.core.job_centre import JobKind, Progress, State

STATES = {
    Backtest.Status.WAITING: State.QUEUED,
    Backtest.Status.RUNNING: State.RUNNING,
    Backtest.Status.DONE: State.DONE,
    Backtest.Status.FAILED: State.FAILED,
    Backtest.Status.STOPPED: State.STOPPED,
}


def _of_backtest(backtest: Backtest) -> Progress:
    state = STATES[Backtest.Status(backtest.status)]
    going = state in (State.QUEUED, State.RUNNING)
    said = _("{done} of {total} orders").format(done=f"{backtest.done:,}", total=f"{backtest.orders:,}")
    means = _("Stop after {done} of {total} orders? What was found so far is dropped.")
    return Progress(
        state,
        done=backtest.done,
        total=backtest.orders or None,
        said=said,
        result=reverse("admin:rules_backtest_change", args=[backtest.pk]) if state == State.DONE else "",
        means=means.format(done=f"{backtest.done:,}", total=f"{backtest.orders:,}") if going else "",
        can_retry=state in (State.FAILED, State.STOPPED),
    )


KINDS = [
    JobKind(
        name="backtest",
        title=gettext_lazy("Backtest"),
        model=Backtest,
        asked_at="created_at",
        asked_by="actor",
        progress=_of_backtest,
        acts_with=["rules.view_backtest", "rules.change_earningrule"],
        stop=stop_backtest,
        retry=retry_backtest,
        left_out=["findings", "definition"],
    )
]
