"""The cart of the member who asks."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from members.identity.api import MemberAPIView, MemberRequest
from orders.cart import queries, services
from orders.cart.models import CartItem
from orders.cart.serializers import AddItemIn, CartItemOut, CartOut, ChangeItemIn
from shop.core import clock
from shop.core.api.serializers import ErrorOut, validated


class CartView(MemberAPIView):
    @extend_schema(operation_id="cart_read", responses={200: CartOut, 401: ErrorOut})
    def get(self, request: MemberRequest) -> Response:
        return Response(queries.cart(member_id=request.member.pk, now=clock.now()))

    @extend_schema(operation_id="cart_clear", responses={204: None, 401: ErrorOut})
    def delete(self, request: MemberRequest) -> Response:
        services.clear_cart(member_id=request.member.pk)
        return Response(status=204)


class CartItemsView(MemberAPIView):
    @extend_schema(
        operation_id="cart_items_add",
        request=AddItemIn,
        responses={201: CartItemOut, 400: ErrorOut, 401: ErrorOut, 404: ErrorOut, 409: ErrorOut},
    )
    def post(self, request: MemberRequest) -> Response:
        item = services.add_item(member_id=request.member.pk, now=clock.now(), **validated(AddItemIn, request))
        return Response(_item(item), status=201)


class CartItemView(MemberAPIView):
    @extend_schema(
        operation_id="cart_items_change",
        request=ChangeItemIn,
        responses={200: CartItemOut, 400: ErrorOut, 401: ErrorOut, 404: ErrorOut, 409: ErrorOut},
    )
    def put(self, request: MemberRequest, item_id: int) -> Response:
        change = {"quantity": None, "selected": None, **validated(ChangeItemIn, request)}
        return Response(_item(services.change_item(member_id=request.member.pk, item_id=item_id, **change)))

    @extend_schema(operation_id="cart_items_remove", responses={204: None, 401: ErrorOut, 404: ErrorOut})
    def delete(self, request: MemberRequest, item_id: int) -> Response:
        services.remove_item(member_id=request.member.pk, item_id=item_id)
        return Response(status=204)


def _item(item: CartItem) -> dict[str, Any]:
    return {"id": item.pk, "sku_id": item.sku_id, "quantity": item.quantity, "selected": item.selected}
