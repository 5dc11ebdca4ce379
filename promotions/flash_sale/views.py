"""Flash sales for the front: what is sold when, and reminders. Buying is an order with this activity."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from members.identity.api import MemberAPIView, MemberRequest, PublicAPIView, SignedInMember
from promotions.flash_sale.queries import sessions_for
from promotions.flash_sale.serializers import FlashSalesOut, ReminderOut
from promotions.flash_sale.services.reminding import ask_to_be_reminded, forget_reminder
from shop.core import clock
from shop.core.api.serializers import ErrorOut, NoFields, validated
from shop.core.channels import channel_of


class FlashSalesView(PublicAPIView):
    @extend_schema(operation_id="flash_sales_list", responses={200: FlashSalesOut, 401: ErrorOut})
    def get(self, request: Request) -> Response:
        """Sessions that run or are shown before they start; `left` is at most a second old."""
        now = clock.now()
        member_id = request.user.pk if isinstance(request.user, SignedInMember) else None
        sessions = sessions_for(member_id=member_id, channel=channel_of(request), now=now)
        return Response({"server_time": now, "sessions": sessions})


class ReminderView(MemberAPIView):
    @extend_schema(
        operation_id="flash_sales_remind",
        request=None,
        responses={201: ReminderOut, **dict.fromkeys((400, 401, 404, 409), ErrorOut)},
    )
    def post(self, request: MemberRequest, item_id: int) -> Response:
        """Be told shortly before it starts, once. Asking again changes nothing."""
        validated(NoFields, request)
        reminder = ask_to_be_reminded(
            item_id=item_id, member_id=request.member.pk, channel=channel_of(request), now=clock.now()
        )
        return Response({"item_id": reminder.item_id, "asked_at": reminder.asked_at}, status=201)

    @extend_schema(operation_id="flash_sales_forget_reminder", responses={204: None, 401: ErrorOut})
    def delete(self, request: MemberRequest, item_id: int) -> Response:
        """Not to be told after all."""
        forget_reminder(item_id=item_id, member_id=request.member.pk)
        return Response(status=204)
