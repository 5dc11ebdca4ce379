from typing import Any

from rest_framework import serializers


class SessionsOut(serializers.Serializer[Any]):
    """Shares are basis points, null where there is nothing to have a share of."""

    sessions = serializers.IntegerField()
    entries = serializers.IntegerField(help_text="Sessions with a page view: the whole of bounces and idle ones.")
    bounces = serializers.IntegerField()
    idle = serializers.IntegerField()
    views = serializers.IntegerField()
    dwell_ms = serializers.IntegerField()
    carts = serializers.IntegerField()
    orders = serializers.IntegerField()
    paid_orders = serializers.IntegerField()
    bounce_bp = serializers.IntegerField(allow_null=True)
    idle_bp = serializers.IntegerField(allow_null=True)
    cart_abandonment_bp = serializers.IntegerField(allow_null=True)


class DaySessionsOut(SessionsOut):
    day = serializers.DateField()


class OverviewOut(SessionsOut):
    visitors = serializers.IntegerField(help_text="Each once in the whole period.")
    days = DaySessionsOut(many=True)


class PageTrafficOut(serializers.Serializer[Any]):
    page = serializers.CharField()
    views = serializers.IntegerField()
    entries = serializers.IntegerField()
    bounces = serializers.IntegerField()
    idle = serializers.IntegerField()
    exits = serializers.IntegerField()
    timed_views = serializers.IntegerField()
    dwell_ms = serializers.IntegerField()
    loaded_views = serializers.IntegerField()
    load_ms = serializers.IntegerField()
    bounce_bp = serializers.IntegerField(allow_null=True)
    idle_bp = serializers.IntegerField(allow_null=True)
    exit_bp = serializers.IntegerField(allow_null=True)
    mean_dwell_ms = serializers.IntegerField(allow_null=True)
    mean_load_ms = serializers.IntegerField(allow_null=True)
    load_missing_bp = serializers.IntegerField(allow_null=True)


class ChannelTrafficOut(SessionsOut):
    channel = serializers.CharField()


class DeviceTrafficOut(SessionsOut):
    device = serializers.CharField()


class CampaignTrafficOut(serializers.Serializer[Any]):
    campaign = serializers.CharField()
    exposures = serializers.IntegerField()
    clicks = serializers.IntegerField()
    entries = serializers.IntegerField()
    bounces = serializers.IntegerField()
    bounce_bp = serializers.IntegerField(allow_null=True)


class LoadTimeOut(serializers.Serializer[Any]):
    from_ms = serializers.IntegerField(allow_null=True, help_text="Null for sessions whose load time nobody knows.")
    to_ms = serializers.IntegerField(allow_null=True)
    entries = serializers.IntegerField()
    bounces = serializers.IntegerField()
    bounce_bp = serializers.IntegerField(allow_null=True)


class TrafficOut(serializers.Serializer[Any]):
    pages = PageTrafficOut(many=True)
    channels = ChannelTrafficOut(many=True)
    devices = DeviceTrafficOut(many=True)
    campaigns = CampaignTrafficOut(many=True)
    load_times = LoadTimeOut(many=True)


class HeatRowOut(serializers.Serializer[Any]):
    product_id = serializers.IntegerField()
    hours = serializers.ListField(child=serializers.IntegerField(), help_text="24 counts, by the hour in Shanghai.")


class HeatOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    items = HeatRowOut(many=True)
