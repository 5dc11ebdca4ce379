"""What a member means to buy: one line per SKU."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from members.identity.models import Member
from shop.catalog.models import Sku


class CartItem(models.Model):
    member = models.ForeignKey(Member, models.CASCADE, related_name="cart_items", verbose_name=_("member"))
    sku = models.ForeignKey(Sku, models.CASCADE, related_name="+", verbose_name=_("SKU"))
    quantity = models.PositiveIntegerField(_("quantity"))
    selected = models.BooleanField(_("selected"), default=True)
    added_at = models.DateTimeField(_("added at"))
    # What a unit cost when the member last put some in; unknown of lines that are older than this column.
    seen_price_fen = models.PositiveIntegerField(_("unit price when added (fen)"), null=True, blank=True)

    class Meta:
        verbose_name = _("cart item")
        verbose_name_plural = _("cart items")
        constraints = [
            models.UniqueConstraint(fields=["member", "sku"], name="cart_sku_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="cart_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.sku_id} × {self.quantity}"
