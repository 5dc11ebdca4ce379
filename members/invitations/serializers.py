"""What clients get and ask for."""

from typing import Any

from rest_framework import serializers

from members.invitations.queries import reward_state
from shop.core.api.serializers import StrictSerializer


class ShareCardQuery(StrictSerializer):
    target = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=20,
        help_text="`product-<id>` or `collection-<id>`; empty for the shop itself.",
    )


class InvitationOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField(help_text="The invited member's nickname, shortened.")
    status = serializers.ChoiceField(["registered", "settled"])
    reward = serializers.ChoiceField(["waiting", "earned", "checking", "refused"])
    registered_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)


class InvitationPageOut(serializers.Serializer[Any]):
    invite_code = serializers.CharField()
    link = serializers.CharField()
    invited = serializers.IntegerField()
    settled = serializers.IntegerField()
    items = InvitationOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


def present_invitation(row: dict[str, Any]) -> dict[str, Any]:
    nickname = row["invitee__nickname"]
    return {
        "id": row["id"],
        "name": f"{nickname[0]}***" if nickname else "***",
        "status": "settled" if row["settled_at"] else "registered",
        "reward": reward_state(row),
        "registered_at": row["registered_at"],
        "settled_at": row["settled_at"],
    }
