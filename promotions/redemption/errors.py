"""Why a reward is not given after all."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class RewardNotGiven(DomainError):
    """Paid for meanwhile, and yet its codes or coupons are gone: the order is paid back."""

    code, status, message = "reward_not_given", 409, _("This reward is not there any more.")
