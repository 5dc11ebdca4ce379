"""Every address of the project: the admin, the REST API and its documentation, health."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from django.views.i18n import set_language
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from shop.core import guide, health, media, metrics
from shop.core.api.errors import bad_request, forbidden, not_found, server_error

# Addresses are tried in this order, so what buyers ask most stands first.
API_ROOMS: tuple[str, ...] = (
    "shop.catalog.urls",
    "orders.cart.urls",
    "orders.checkout.urls",
    "orders.payments.urls",
    "shop.core.api.urls",
    "shop.staff.urls",
    "shop.regions.urls",
    "members.identity.urls",
    "members.uploads.urls",
    "members.tiers.urls",
    "members.invitations.urls",
    "members.notifications.urls",
    "points.rules.urls",
    "points.tasks.urls",
    "points.transfers.urls",
    "points.accounts.urls",
    "points.mall.urls",
    "promotions.coupons.urls",
    "promotions.quiz.urls",
    "promotions.flash_sale.urls",
    "promotions.bargaining.urls",
    "promotions.lottery.urls",
    "promotions.presale.urls",
    "promotions.group_buy.urls",
    "promotions.distribution.urls",
    "logistics.network.urls",
    "logistics.shipments.urls",
    "orders.fulfilment.urls",
    "orders.reviews.urls",
    "orders.invoices.urls",
    "orders.verification.urls",
    "orders.after_sales.urls",
    "analytics.buyers.urls",
    "analytics.events.urls",
    "analytics.traffic.urls",
    "analytics.funnel.urls",
    "analytics.recommendations.urls",
    "analytics.outreach.urls",
    "analytics.reports.urls",
)

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("api/v1/", RedirectView.as_view(pattern_name="swagger"), name="api-home"),
    path("admin/language/", set_language, name="set_language"),
    path("admin/guide/img/<slug:name>.png", admin.site.admin_view(guide.guide_picture), name="guide-picture"),
    path("admin/guide/", admin.site.admin_view(guide.guide_page), name="guide-index"),
    path("admin/guide/<slug:page>/", admin.site.admin_view(guide.guide_page), name="guide"),
    path("admin/", admin.site.urls),
    path("store/", include("orders.verification.page_urls")),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", metrics.metrics, name="metrics"),
    path("media/<path:name>", media.uploaded, name="media"),
    path("api/v1/", include([path("", include(room)) for room in API_ROOMS])),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="swagger"),
]

handler400 = bad_request
handler403 = forbidden
handler404 = not_found
handler500 = server_error
