"""How the admin looks: name and icon, styles, scripts, colours and the sidebar."""

from django.templatetags.static import static
from django.urls import reverse_lazy

from shop.settings.navigation import NAVIGATION

UNFOLD = {
    "SITE_TITLE": "shop.catalog.preferences.shop_name",
    "SITE_HEADER": "shop.catalog.preferences.shop_name",
    "SITE_URL": None,
    "SITE_ICON": lambda request: static("lantern/lantern.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("lantern/lantern.svg")},
    ],
    "SHOW_LANGUAGES": True,
    "STYLES": [lambda request: static("lantern/admin.css")],
    "SCRIPTS": [
        lambda request: static("lantern/unsaved.js"),
        lambda request: static("lantern/keyboard.js"),
        lambda request: static("lantern/names.js"),
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "shop.core.dashboard.dashboard_callback",
    "COLORS": {
        "primary": {
            "50": "255 247 237",
            "100": "255 237 213",
            "200": "254 215 170",
            "300": "253 186 116",
            "400": "251 146 60",
            "500": "234 88 12",
            "600": "194 65 12",
            "700": "154 52 18",
            "800": "124 45 18",
            "900": "103 38 16",
            "950": "67 20 7",
        },
    },
    "SIDEBAR": {"show_search": True, "show_all_applications": False, "navigation": NAVIGATION},
    "LOGIN": {"redirect_after": lambda request: reverse_lazy("admin:index")},
}
