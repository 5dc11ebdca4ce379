"""What clients send and get."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from members.notifications.events import Category
from members.notifications.queries import MEMBER_CHANNELS
from shop.core.api.serializers import StrictBooleanField, StrictIntegerField, StrictSerializer, TextLineField

LANGUAGES = [code for code, _name in settings.LANGUAGES]
CHANNELS = [str(channel) for channel in MEMBER_CHANNELS]


class NotificationOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    event = serializers.CharField()
    category = serializers.ChoiceField(Category.values)
    title = serializers.CharField()
    body = serializers.CharField()
    link = serializers.CharField(help_text="A page of the mini-program, or empty.")
    read_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class InboxOut(serializers.Serializer[Any]):
    items = NotificationOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)
    unread_count = serializers.IntegerField()


class ReadIn(StrictSerializer):
    """Either some by `ids`, or `all`."""

    ids = serializers.ListField(
        child=StrictIntegerField(min_value=1, max_value=2**63 - 1), required=False, allow_empty=False, max_length=100
    )
    all = StrictBooleanField(required=False)

    default_error_messages = {"one_of": _("Give either ids, or all as true.")}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("ids" in attrs) == (attrs.get("all") is True):
            self.fail("one_of")
        return attrs


class ReadOut(serializers.Serializer[Any]):
    read = serializers.IntegerField(help_text="How many were marked now.")
    unread_count = serializers.IntegerField()


class ChoiceIn(StrictSerializer):
    category = serializers.ChoiceField(Category.values)
    channel = serializers.ChoiceField(CHANNELS)
    allowed = StrictBooleanField()


class ChoicesIn(StrictSerializer):
    """What is left out stays as it is."""

    language = serializers.ChoiceField(LANGUAGES, required=False)
    preferences = ChoiceIn(many=True, required=False)


class ChoiceOut(serializers.Serializer[Any]):
    category = serializers.ChoiceField(Category.values)
    channel = serializers.ChoiceField(CHANNELS)
    allowed = serializers.BooleanField()
    required = serializers.BooleanField(  # type: ignore[assignment]
        help_text="It cannot be switched off."
    )


class ChoicesOut(serializers.Serializer[Any]):
    language = serializers.ChoiceField(LANGUAGES)
    preferences = ChoiceOut(many=True)


class SubscribeAnswerIn(StrictSerializer):
    """What `wx.requestSubscribeMessage` told for one template."""

    template = TextLineField(max_length=80)
    accepted = StrictBooleanField()


class SubscribeCreditOut(serializers.Serializer[Any]):
    template = serializers.CharField()
    remaining = serializers.IntegerField()


class SubscribeTemplateOut(SubscribeCreditOut):
    event = serializers.CharField()


class SubscribeTemplatesOut(serializers.Serializer[Any]):
    items = SubscribeTemplateOut(many=True)
