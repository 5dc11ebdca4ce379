"""What was counted of a day's events; docs/analytics.md defines every figure.

A day is always counted whole (`rebuild.py`): counting it twice changes nothing, and what is here equals the events.
Sessions belong to one day, one channel, one device and one page or campaign of entry, so everything that is counted in
sessions or views adds up over all of them. Visitors do not: they are counted from `SessionFact`.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SessionFact(models.Model):
    """One session. `entry_page` is empty, and it is in no rate of pages, when it has no page view."""

    day = models.DateField()
    visitor_id = models.CharField(max_length=64)
    session_id = models.CharField(max_length=64)
    member_id = models.BigIntegerField(null=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    channel = models.CharField(max_length=20)
    device = models.CharField(max_length=20)
    entry_page = models.CharField(max_length=200)
    exit_page = models.CharField(max_length=200)
    entry_campaign = models.CharField(max_length=64)
    views = models.IntegerField()
    interactions = models.IntegerField()
    dwell_ms = models.BigIntegerField()
    entry_load_ms = models.IntegerField(null=True)
    carts = models.IntegerField()
    orders = models.IntegerField()
    paid_orders = models.IntegerField()
    is_bounce = models.BooleanField()
    is_idle = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "visitor_id", "session_id"], name="one_fact_per_session")]
        indexes = [models.Index(fields=["visitor_id", "day"], name="session_by_visitor")]

    def __str__(self) -> str:
        return f"{self.visitor_id} {self.session_id} {self.day}"


class Sliced(models.Model):
    """By day, channel and device, whatever else."""

    day = models.DateField()
    channel = models.CharField(max_length=20)
    device = models.CharField(max_length=20)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.day} {self.channel} {self.device}"


class SessionDay(Sliced):
    """Sessions together. `entries` are those with a page view."""

    sessions = models.IntegerField()
    entries = models.IntegerField()
    bounces = models.IntegerField()
    idle = models.IntegerField()
    views = models.IntegerField()
    dwell_ms = models.BigIntegerField()
    carts = models.IntegerField()
    orders = models.IntegerField()
    paid_orders = models.IntegerField()

    class Meta:
        verbose_name = _("traffic")
        verbose_name_plural = _("traffic")
        indexes = [models.Index(fields=["day"], name="session_day")]


class PageDay(Sliced):
    """One page. `timed_views` are those whose dwell is known, `loaded_views` those whose load time is."""

    page = models.CharField(max_length=200)
    views = models.IntegerField()
    entries = models.IntegerField()
    bounces = models.IntegerField()
    idle = models.IntegerField()
    exits = models.IntegerField()
    timed_views = models.IntegerField()
    dwell_ms = models.BigIntegerField()
    loaded_views = models.IntegerField()
    load_ms = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["day", "page"], name="page_day")]


class CampaignDay(Sliced):
    """One campaign: how often it was seen and clicked, and the sessions that came in by it."""

    campaign = models.CharField(max_length=64)
    exposures = models.IntegerField()
    clicks = models.IntegerField()
    entries = models.IntegerField()
    bounces = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["campaign", "day"], name="campaign_day")]


class LoadDay(Sliced):
    """Sessions by how long their first page took, in steps of `LOAD_STEPS`; -1 where nobody knows."""

    step = models.SmallIntegerField()
    entries = models.IntegerField()
    bounces = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["day"], name="load_day")]


class HeatHour(models.Model):
    """How often something was done with a product in an hour of a Shanghai day."""

    name = models.CharField(max_length=16)
    day = models.DateField()
    product_id = models.BigIntegerField()
    hour = models.SmallIntegerField()
    events = models.IntegerField()

    class Meta:
        verbose_name = _("heat map")
        verbose_name_plural = _("heat map")
        # The name first: days first would read everything.
        constraints = [models.UniqueConstraint(fields=["name", "day", "product_id", "hour"], name="heat_hour")]

    def __str__(self) -> str:
        return f"{self.name} {self.day} {self.hour}: {self.product_id}"
