"""Where the parcels of an order are."""

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from members.identity.api import MemberAPIView, MemberRequest
from orders.fulfilment.queries import parcels
from orders.fulfilment.serializers import ParcelsOut
from shop.core.api.serializers import ErrorOut


class OrderShipmentsView(MemberAPIView):
    @extend_schema(operation_id="orders_shipments", responses={200: ParcelsOut, 401: ErrorOut, 404: ErrorOut})
    def get(self, request: MemberRequest, number: str) -> Response:
        items = parcels(member_id=request.member.pk, order_number=number)
        return Response({"items": items, "next_cursor": None})
