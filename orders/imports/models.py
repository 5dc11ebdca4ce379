"""Who bought where the shop was before: a customer number of elsewhere stands for one member, for good."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from members.identity.models import Member


class ImportedCustomer(models.Model):
    number = models.CharField(_("customer number"), max_length=40, unique=True)
    member = models.ForeignKey(Member, models.CASCADE, related_name="+", verbose_name=_("member"))

    class Meta:
        verbose_name = _("imported customer")
        verbose_name_plural = _("imported customers")

    def __str__(self) -> str:
        return f"{self.number}: {self.member_id}"
