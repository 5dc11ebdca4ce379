"""The page that the staff of stores open on their phones.

It holds nothing but itself: its script signs in to the API with staff tokens, which no other site can send, and it may
load only what this shop serves.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shop.catalog.preferences import shop_name


@require_safe
def store_page(request: HttpRequest) -> HttpResponse:
    response = render(request, "store/page.html", {"shop_name": shop_name(request), "words": _words()})
    response["Content-Security-Policy"] = _policy()
    response["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=()"
    response["Referrer-Policy"] = "same-origin"
    response["Cache-Control"] = "no-cache"
    return response


def _policy() -> str:
    parts = urlsplit(settings.MEDIA_URL)
    pictures = f" {parts.scheme}://{parts.netloc}" if parts.netloc else ""
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:{pictures}; "
        "media-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def _words() -> dict[str, str]:
    """What the script says by itself; refusals come from the API in the language of the page."""
    return {
        "offline": _("No connection. Nothing was used."),
        "unknown": _(
            "No answer came. Look at the code again before you hand anything over: it tells whether it was used."
        ),
        "ended": _("Your sign-in has ended. Please sign in again."),
        "forbidden": _("This account may not verify in stores. Ask a manager."),
        "noCamera": _("The camera cannot be used here. Allow it in the browser, or type the code."),
        "badBill": _("Enter an amount in yuan, such as 128.50."),
        "pickupDone": _("Hand the goods over"),
        "couponDone": _("Coupon used"),
        "serviceDone": _("Service used"),
        "none": _("Nothing was verified today."),
        "left": _("Left to pay: {amount}"),
        "off": _("{amount} off"),
        "undone": _("Undone: {reason}"),
        "undo": _("Undo"),
        "reason": _("Why is it undone?"),
        "whoShows": _("Whoever shows the code may take the goods."),
    }
