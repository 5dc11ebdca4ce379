"""Why a campaign could not be changed or claimed."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class CampaignNotEditable(DomainError):
    code, status = "campaign_not_editable", 409
    message = _("Only drafts are changed. Withdraw it first, or clone it.")


class CampaignIncomplete(DomainError):
    code, status, message = "campaign_incomplete", 409, _("This cannot be published yet: {reasons}")


class CampaignOver(DomainError):
    code, status, message = "campaign_over", 409, _("Its end lies in the past.")


class BundleEmpty(DomainError):
    code, status, message = "campaign_bundle_empty", 409, _("There are no drafts in it to be published.")


class CampaignForbidden(DomainError):
    code, status, message = "campaign_forbidden", 409, _("This must not be published: {reasons}")


class AcknowledgementNeeded(DomainError):
    """`findings` are all those that must be taken note of."""

    code, status = "campaign_acknowledgement_needed", 409
    message = _("Please read the findings and confirm that you have taken note of them.")


class ApproverIsAuthor(DomainError):
    code, status, message = "campaign_approver_is_author", 403, _("A second person approves, not who made it.")


class BudgetSpent(DomainError):
    code, status, message = "campaign_budget_spent", 409, _("{name}: too little of its budget is left.")


class CampaignNotLive(DomainError):
    code, status, message = "campaign_not_live", 409, _("{name} is not running.")


class ActivityNotFound(DomainError):
    code, status, message = "activity_not_found", 404, _("This activity does not exist or has ended.")


class ActivityGoods(DomainError):
    code, status = "activity_goods", 409
    message = _("Order the goods of this activity by themselves.")
