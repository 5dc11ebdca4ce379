"""Refusals of delivery."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class NotDeliverable(DomainError):
    """`sku_ids` are those that cannot be sent there, where only some cannot."""

    code, status, message = "not_deliverable", 409, _("We do not deliver to this address.")
