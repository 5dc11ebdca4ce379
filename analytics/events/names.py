"""What an event can be called. Fronts tell what people do; orders and money are told by the shop itself alone."""

from django.utils.translation import gettext_lazy as _

PAGE_VIEW, LOAD, LEAVE, HEARTBEAT, EXPOSURE = "page_view", "load", "leave", "heartbeat", "exposure"
CLICK, CART, SEARCH, FAVOURITE, SHARE, JOIN, REDEEM = (
    "click",
    "cart",
    "search",
    "favourite",
    "share",
    "join",
    "redeem",
)
ORDER, PAID, REFUNDED = "order", "paid", "refunded"

# Somebody did something; the rest of what fronts tell happens by itself.
INTERACTIONS = (CLICK, CART, SEARCH, FAVOURITE, SHARE, JOIN, REDEEM)
CLIENT_NAMES = frozenset((PAGE_VIEW, LOAD, LEAVE, HEARTBEAT, EXPOSURE, *INTERACTIONS))
SERVER_NAMES = (ORDER, PAID, REFUNDED)
ALL_NAMES = CLIENT_NAMES | frozenset(SERVER_NAMES)
# Of a product: somebody is interested in it.
VIEWS = (PAGE_VIEW, CLICK, CART, FAVOURITE)
# The five steps from seeing something to having paid for it.
FUNNEL_STEPS = (EXPOSURE, CLICK, CART, ORDER, PAID)

LABELS = {
    PAGE_VIEW: _("Page view"),
    LOAD: _("Load time"),
    LEAVE: _("Page left"),
    HEARTBEAT: _("Heartbeat"),
    EXPOSURE: _("Exposure"),
    CLICK: _("Click"),
    CART: _("Put into the cart"),
    SEARCH: _("Search"),
    FAVOURITE: _("Favourite"),
    SHARE: _("Share"),
    JOIN: _("Took part"),
    REDEEM: _("Redeemed points"),
    ORDER: _("Ordered"),
    PAID: _("Paid"),
    REFUNDED: _("Refunded"),
}
