"""Why a rule cannot be published or stopped, and what earning refuses."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class NothingNew(DomainError):
    code, status, message = "rule_unchanged", 409, _("The draft says what is live already.")


class RuleNotLive(DomainError):
    code, status, message = "rule_not_live", 409, _("This rule is not live.")


class RuleLive(DomainError):
    code, status, message = "rule_live", 409, _("This rule is live already.")


class GroupDisagrees(DomainError):
    code, status = "rule_group_disagrees", 409
    message = _("“{other}” is in the same group, but gets on with it in another way. Give both the same.")


class RuleOver(DomainError):
    code, status, message = "rule_over", 409, _("The last day of this rule lies in the past.")


class EarningReferenceUsed(DomainError):
    code, status, message = "earning_reference_used", 409, _("This reference earned points for something else.")


class BacktestTooLong(DomainError):
    code, status, message = "backtest_too_long", 409, _("At most {days} days at once.")
