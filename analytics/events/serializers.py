from typing import Any

from rest_framework import serializers

from analytics.events.incoming import MOST_EVENTS
from analytics.events.names import CLIENT_NAMES
from shop.core.api.serializers import StrictBooleanField, StrictSerializer


class EventIn(serializers.Serializer[Any]):
    """How `openapi.yaml` describes an event; `incoming.py` reads it."""

    id = serializers.CharField(max_length=64, help_text="The same when it is sent again; best a UUID.")
    name = serializers.ChoiceField(sorted(CLIENT_NAMES))
    at = serializers.DateTimeField(help_text="By the clock of the device.")
    visitor_id = serializers.CharField(max_length=64)
    session_id = serializers.CharField(
        max_length=64, required=False, help_text="New on a cold start and after 30 minutes of idleness."
    )
    page = serializers.CharField(max_length=200, required=False)
    campaign = serializers.CharField(
        max_length=64, required=False, help_text="Its kind and id, as `activities` of a product name them: `quiz-3`."
    )
    product_id = serializers.IntegerField(required=False)
    load_ms = serializers.IntegerField(required=False, min_value=0)
    dwell_ms = serializers.IntegerField(
        required=False, min_value=0, help_text="Foreground time of the page since its view, with `leave`, `heartbeat`."
    )
    seq = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=998,
        help_text="Orders what has one instant; its place in the call if none.",
    )
    props = serializers.DictField(required=False)


class EventsIn(serializers.Serializer[Any]):
    sent_at = serializers.DateTimeField(help_text="By the same clock, at the moment of sending.")
    events = EventIn(many=True, help_text=f"At most {MOST_EVENTS}.")
    device = serializers.CharField(max_length=20, required=False, help_text="Such as ios, android, desktop.")


class RejectedEventOut(serializers.Serializer[Any]):
    index = serializers.IntegerField(help_text="Its place in the call.")
    id = serializers.CharField()
    code = serializers.CharField()
    field = serializers.CharField(help_text="The one that is not known, where that is the reason.")
    message = serializers.CharField()


class EventsOut(serializers.Serializer[Any]):
    accepted = serializers.IntegerField(help_text="What came before is accepted again, and counted once.")
    rejected = RejectedEventOut(many=True)


class TrackingIn(StrictSerializer):
    refused = StrictBooleanField()


class TrackingOut(serializers.Serializer[Any]):
    refused = serializers.BooleanField()
