"""Why tiers or their rules could not be changed."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class RulesInvalid(DomainError):
    code, status = "tier_rules_invalid", 409
    message = _("One tier starts at 0, the others differ, and keeping a tier asks no more than reaching it.")


class TierNotInUse(DomainError):
    code, status, message = "tier_not_in_use", 409, _("The present rules do not name this tier.")


class ManualTierWithoutEffect(DomainError):
    code, status = "manual_tier_without_effect", 409
    message = _("The member has earned this tier or a higher one. To hold the member down, say so.")


class ManualTierOver(DomainError):
    code, status, message = "manual_tier_over", 409, _("The last day lies in the past.")


class GrowthTooLittle(DomainError):
    code, status, message = "growth_too_little", 409, _("Only {available} growth counts today.")


class GrowthByHandSpent(DomainError):
    code, status = "growth_by_hand_spent", 409
    message = _("You may give or take {left} more growth today. Somebody who may change the rules can do more.")


class GrowthReferenceUsed(DomainError):
    code, status, message = "growth_reference_used", 409, _("This reference was booked for something else.")
