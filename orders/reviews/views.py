"""Reviews of products, and one's own."""

from django.http import HttpRequest
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from members.identity.api import MemberAPIView, MemberRequest
from orders.reviews import services
from orders.reviews.queries import ReviewQuery, present_own, product_reviews, reviews_of
from orders.reviews.serializers import (
    FollowUpIn,
    OwnReviewOut,
    OwnReviewPageOut,
    ProductReviewPageOut,
    ReviewIn,
    ReviewListQuery,
)
from shop.catalog.presenting import detail
from shop.core import clock
from shop.core.api.pagination import PageQuery, page
from shop.core.api.reads import ReadView, query_of
from shop.core.api.serializers import ErrorOut, validated
from shop.core.errors import NotFound

REFUSALS = {400: ErrorOut, 401: ErrorOut, 403: ErrorOut, 404: ErrorOut, 409: ErrorOut}


class ProductReviewsView(ReadView):
    @extend_schema(
        operation_id="products_reviews",
        parameters=[ReviewListQuery],
        responses={200: ProductReviewPageOut, 304: None, 400: ErrorOut, 404: ErrorOut},
    )
    def get(self, request: HttpRequest, product_id: int) -> bytes:
        """What buyers say, newest first."""
        now = clock.now()
        asked = query_of(ReviewListQuery, request)
        if detail(product_id=product_id, now=now) is None:
            raise NotFound
        query = ReviewQuery(asked.get("rating"), asked["with_images"], asked.get("cursor"), asked["limit"])
        return product_reviews(product_id=product_id, query=query, now=now)


class OrderReviewsView(MemberAPIView):
    @extend_schema(operation_id="orders_reviews_create", request=ReviewIn, responses={201: OwnReviewOut, **REFUSALS})
    def post(self, request: MemberRequest, number: str) -> Response:
        """Review a line that has arrived, once; `reviewable` of the order's lines tells which. A review that was
        rejected may be written again."""
        given = validated(ReviewIn, request)
        written = services.write_review(
            number=number,
            member_id=request.member.pk,
            is_anonymous=given.pop("anonymous"),
            now=clock.now(),
            **given,
        )
        return Response(_own(request, written.pk), status=201)


class OwnReviewsView(MemberAPIView):
    @extend_schema(
        operation_id="me_reviews_list",
        parameters=[PageQuery],
        responses={200: OwnReviewPageOut, 400: ErrorOut, 401: ErrorOut},
    )
    def get(self, request: MemberRequest) -> Response:
        """What I have written, newest first, also what is not shown."""
        own = reviews_of(member_id=request.member.pk)
        return Response(page(own, request, ordering=["-id"], present=present_own))


class ReviewView(MemberAPIView):
    @extend_schema(operation_id="me_reviews_withdraw", responses={204: None, **REFUSALS})
    def delete(self, request: MemberRequest, review_id: int) -> Response:
        """Withdraw my review for good; points that it brought are taken back."""
        services.withdraw_review(review_id=review_id, member_id=request.member.pk, now=clock.now())
        return Response(status=204)


class FollowUpView(MemberAPIView):
    @extend_schema(operation_id="me_reviews_follow_up", request=FollowUpIn, responses={201: OwnReviewOut, **REFUSALS})
    def post(self, request: MemberRequest, review_id: int) -> Response:
        """Add something to my review after a while, once."""
        given = validated(FollowUpIn, request)
        services.follow_up_review(review_id=review_id, member_id=request.member.pk, now=clock.now(), **given)
        return Response(_own(request, review_id), status=201)


def _own(request: MemberRequest, review_id: int) -> dict[str, object]:
    return present_own(reviews_of(member_id=request.member.pk).get(pk=review_id))
