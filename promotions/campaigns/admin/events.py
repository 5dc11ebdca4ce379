"""What happened to campaigns, who did it, and what they took note of."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from promotions.campaigns.mechanisms import campaign_models
from promotions.campaigns.models import CampaignEvent
from shop.core.admin import ReadOnlyAdmin


@admin.register(CampaignEvent)
class CampaignEventAdmin(ReadOnlyAdmin):
    list_display = ["happened_at", "shown_kind", "campaign_id", "action", "note", "actor"]
    list_filter = ["action", "kind"]
    search_fields = ["note", "actor"]
    ordering = ["-pk"]
    show_full_result_count = False

    @display(description=_("kind"))
    def shown_kind(self, event: CampaignEvent) -> str:
        names = {model.KIND: str(model._meta.verbose_name) for model in campaign_models()}
        return names.get(event.kind, str(_("All promotions")))
