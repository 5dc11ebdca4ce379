"""Quote, place and look after one's own orders. Paying and cancelling are in `orders.payments`."""

from functools import partial
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from members.identity.api import MemberAPIView, MemberRequest
from orders.cart.queries import cart
from orders.cart.serializers import CartOut
from orders.cart.services import refill
from orders.checkout import queries
from orders.checkout.activities import that_took_of
from orders.checkout.admission import past_gate, through_gate
from orders.checkout.earning import points_to_earn
from orders.checkout.facets import present_orders
from orders.checkout.offers import Item, Wish, filled, make_offer
from orders.checkout.presenters import present_order, present_quote
from orders.checkout.promise import promised_at
from orders.checkout.reading import read_ahead
from orders.checkout.serializers import (
    OrderListQuery,
    OrderOut,
    OrderPageOut,
    PlaceOrderIn,
    QuoteIn,
    QuoteOut,
)
from orders.checkout.services.placing import place_order
from orders.checkout.services.progress import receive_order
from promotions.checkout.mechanism import ActivityAsk
from shop.core import clock
from shop.core.api.idempotency import idempotent
from shop.core.api.pagination import PageQuery, page_together
from shop.core.api.serializers import ErrorOut, NoFields, validated, validated_query
from shop.core.channels import channel_of

REFUSALS = {400: ErrorOut, 401: ErrorOut, 404: ErrorOut, 409: ErrorOut}


class QuoteView(MemberAPIView):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """A crowd asks for prices before it orders: what is gone is said at the gate as well."""
        answer = partial(super().dispatch, request, *args, **kwargs)
        return past_gate(request, answer, now=clock.now()) if request.method == "POST" else answer()

    @extend_schema(operation_id="checkout_quote", request=QuoteIn, responses={200: QuoteOut, **REFUSALS})
    def post(self, request: MemberRequest) -> Response:
        now, wish = clock.now(), filled(_wish(request, validated(QuoteIn, request)))
        with read_ahead(wish=wish, now=now):
            offer = make_offer(wish=wish, now=now)
            promised = promised_at(offer=offer, now=now)
            earned = points_to_earn(offer=offer, member_id=request.member.pk, now=now)
        return Response(present_quote(offer, promised_at=promised, points_to_earn=earned))


class OrdersView(MemberAPIView):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """A crowd that comes through an activity passes its gate before anything else."""
        answer = partial(super().dispatch, request, *args, **kwargs)
        return through_gate(request, answer, now=clock.now()) if request.method == "POST" else answer()

    @extend_schema(
        operation_id="orders_list",
        parameters=[OrderListQuery, PageQuery],
        responses={200: OrderPageOut, 400: ErrorOut, 401: ErrorOut},
    )
    def get(self, request: MemberRequest) -> Response:
        asked, member_id, now = validated_query(OrderListQuery, request), request.member.pk, clock.now()
        if asked["reviewable"]:
            orders = queries.to_review(member_id=member_id, now=now)
        else:
            orders = queries.member_orders(member_id=member_id, status=asked.get("status"))
        if "activity" in asked:
            ids = [asked["activity_id"]] if "activity_id" in asked else None
            orders = that_took_of(orders, mechanism=asked["activity"], activity_ids=ids)
        return Response(
            page_together(orders, request, ordering=["-id"], present=lambda rows: present_orders(orders=rows, now=now))
        )

    @extend_schema(
        operation_id="orders_place",
        parameters=[OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=True)],
        request=PlaceOrderIn,
        responses={201: OrderOut, **REFUSALS, 422: ErrorOut, 429: ErrorOut},
    )
    @idempotent
    def post(self, request: MemberRequest) -> Response:
        asked = validated(PlaceOrderIn, request)
        now = clock.now()
        order, lines = place_order(
            wish=_wish(request, asked),
            expected_payable_fen=asked.get("expected_payable_fen"),
            expected_points=asked.get("expected_points"),
            remark=asked["remark"],
            now=now,
        )
        return Response(present_orders(orders=[order], now=now, lines={order.pk: lines})[0], status=201)


class OrderView(MemberAPIView):
    @extend_schema(operation_id="orders_read", responses={200: OrderOut, 401: ErrorOut, 404: ErrorOut})
    def get(self, request: MemberRequest, number: str) -> Response:
        order = queries.member_order(member_id=request.member.pk, number=number)
        return Response(present_orders(orders=[order], now=clock.now())[0])


class ReceiveView(MemberAPIView):
    @extend_schema(
        operation_id="orders_receive",
        parameters=[OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=True)],
        request=None,
        responses={200: OrderOut, **REFUSALS, 422: ErrorOut},
    )
    @idempotent
    def post(self, request: MemberRequest, number: str) -> Response:
        """Confirm to have the goods. An order to be fetched is received by the store's staff, who hand it over."""
        validated(NoFields, request)
        order = receive_order(number=number, member_id=request.member.pk, now=clock.now())
        return Response(present_order(order))


class BuyAgainView(MemberAPIView):
    @extend_schema(
        operation_id="orders_buy_again",
        request=None,
        responses={200: CartOut, 400: ErrorOut, 401: ErrorOut, 404: ErrorOut},
    )
    def post(self, request: MemberRequest, number: str) -> Response:
        """Put what was bought into the cart again, but for gifts."""
        validated(NoFields, request)
        now, member_id = clock.now(), request.member.pk
        order = queries.member_order(member_id=member_id, number=number)
        units = {line.sku_id: line.quantity for line in order.lines.all() if not line.is_gift}
        refill(member_id=member_id, units=units, now=now)
        return Response(cart(member_id=member_id, now=now))


def _wish(request: MemberRequest, asked: dict[str, Any]) -> Wish:
    items = asked.get("items")
    return Wish(
        member_id=request.member.pk,
        items=None if items is None else tuple(Item(each["sku_id"], each["quantity"]) for each in items),
        address_id=asked.get("address_id"),
        pickup_store_id=asked.get("pickup_store_id"),
        coupon_ids=asked["coupon_ids"] or (),
        points_to_use=asked["points_to_use"],
        channel=channel_of(request),
        activity=ActivityAsk(**asked["activity"]) if asked.get("activity") else None,
    )
