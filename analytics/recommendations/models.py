"""Which products are bought and looked at by the same people, as of last night, and who wants none of it."""

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from members.identity.models import Member
from shop.catalog.models import Product


class Build(models.Model):
    """One night's work."""

    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"))
    members = models.PositiveIntegerField(_("members"))
    products = models.PositiveIntegerField(_("products"))
    pairs = models.PositiveIntegerField(_("pairs"))

    class Meta:
        verbose_name = _("build of recommendations")
        verbose_name_plural = _("builds of recommendations")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"


class Neighbour(models.Model):
    """`other` is bought or looked at by those who bought or looked at `product`; all rows are of one build."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="+", verbose_name=_("product"), db_index=False)
    other = models.ForeignKey(Product, models.CASCADE, related_name="+", verbose_name=_("bought with it"))
    score = models.FloatField(_("likeness"))

    class Meta:
        verbose_name = _("bought together")
        verbose_name_plural = _("bought together")
        constraints = [
            models.UniqueConstraint(fields=["product", "other"], name="neighbour_once"),
            models.CheckConstraint(condition=~models.Q(product=F("other")), name="neighbour_is_another"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} → {self.other_id}"


class PersonalChoice(models.Model):
    """Whether what a member bought may be used to recommend to them; without a row it may."""

    member = models.OneToOneField(Member, models.CASCADE, primary_key=True, related_name="+", verbose_name=_("member"))
    is_personal = models.BooleanField(_("personal"))
    chosen_at = models.DateTimeField(_("chosen at"))

    class Meta:
        verbose_name = _("choice about recommendations")
        verbose_name_plural = _("choices about recommendations")

    def __str__(self) -> str:
        return f"{self.member_id}: {self.is_personal}"
