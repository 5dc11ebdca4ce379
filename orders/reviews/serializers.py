"""What fronts send and get about reviews."""

from typing import Any

from rest_framework import serializers

from members.uploads.serializers import PictureOut, PicturesField
from orders.cart.serializers import LARGEST_ID
from orders.reviews.models import MOST_CHARACTERS, MOST_PICTURES, Status
from shop.core.api.pagination import PageQuery
from shop.core.api.serializers import StrictBooleanField, StrictIntegerField, StrictSerializer, TextLinesField


class ReviewIn(StrictSerializer):
    line_id = StrictIntegerField(min_value=1, max_value=LARGEST_ID)
    rating = StrictIntegerField(min_value=1, max_value=5)
    content = TextLinesField(required=False, default="", allow_blank=True, max_length=MOST_CHARACTERS)
    images = PicturesField(most=MOST_PICTURES)
    anonymous = StrictBooleanField(required=False, default=False, help_text="Shown with a shortened name.")


class FollowUpIn(StrictSerializer):
    content = TextLinesField(max_length=MOST_CHARACTERS)
    images = PicturesField(most=MOST_PICTURES)


class ReviewListQuery(PageQuery):
    rating = serializers.IntegerField(required=False, min_value=1, max_value=5)
    with_images = serializers.BooleanField(required=False, default=False)


class ReplyOut(serializers.Serializer[Any]):
    content = serializers.CharField()
    replied_at = serializers.DateTimeField()


class SaidOut(serializers.Serializer[Any]):
    content = serializers.CharField()
    images = PictureOut(many=True)
    written_at = serializers.DateTimeField()


class AuthorOut(serializers.Serializer[Any]):
    nickname = serializers.CharField()
    avatar_url = serializers.CharField()
    anonymous = serializers.BooleanField()


class ProductReviewOut(SaidOut):
    id = serializers.IntegerField()
    rating = serializers.IntegerField()
    author = AuthorOut()
    options = serializers.CharField(help_text="What was bought, such as its colour.")
    default = serializers.BooleanField(help_text="Nobody wrote it: the shop takes silence for a good review.")
    follow_up = SaidOut(allow_null=True)
    reply = ReplyOut(allow_null=True)


class ReviewSummaryOut(serializers.Serializer[Any]):
    rating = serializers.FloatField(allow_null=True)
    review_count = serializers.IntegerField()
    stars = serializers.DictField(child=serializers.IntegerField(), help_text="How many, by stars from 1 to 5.")
    with_images = serializers.IntegerField()


class ProductReviewPageOut(serializers.Serializer[Any]):
    summary = ReviewSummaryOut()
    items = ProductReviewOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class OwnWordsOut(SaidOut):
    status = serializers.ChoiceField(Status.choices)
    reason = serializers.CharField(help_text="Why it was rejected.")


class OwnReviewOut(OwnWordsOut):
    id = serializers.IntegerField()
    order_number = serializers.CharField()
    line_id = serializers.IntegerField()
    product_id = serializers.IntegerField()
    product_name = serializers.CharField()
    options = serializers.CharField()
    product_image_url = serializers.CharField()
    rating = serializers.IntegerField()
    anonymous = serializers.BooleanField()
    follow_up = OwnWordsOut(allow_null=True)
    reply = ReplyOut(allow_null=True)


class OwnReviewPageOut(serializers.Serializer[Any]):
    items = OwnReviewOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)
