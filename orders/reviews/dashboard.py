"""Reviews on the admin's home: what buyers have thought lately."""

from datetime import timedelta

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from orders.reviews.queries import figures
from shop.core import clock
from shop.core.dashboard import Figure, FiguresPanel

DAYS = 30


def reviews_panel(request: HttpRequest) -> FiguresPanel | None:
    if not request.user.has_perm("reviews.view_review"):
        return None
    found = figures(since=clock.now() - timedelta(days=DAYS))
    link = reverse("admin:reviews_review_changelist")
    return FiguresPanel(
        title=_("Reviews in the last 30 days"),
        figures=[
            Figure(_("Written"), str(found["written"]), link=link),
            Figure(_("Mean"), f"{found['mean']:.1f} ★" if found["mean"] is not None else "–"),
            Figure(_("One or two stars without a reply"), str(found["bad"]), link=f"{link}?todo=bad"),
        ],
    )
