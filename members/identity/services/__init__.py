"""What other rooms and the edge call; each name lives in the module of its verb."""

from members.identity.services.addresses import add_address, change_address, remove_address
from members.identity.services.cancellation import erase_due, request_cancellation, withdraw_cancellation
from members.identity.services.merging import move_strays
from members.identity.services.phone_codes import forget_phone_codes, send_phone_code
from members.identity.services.phones import change_phone, change_phone_of
from members.identity.services.profiles import update_profile
from members.identity.services.sessions import end_session, forget_sessions, refresh, sign_out
from members.identity.services.sign_in import create_member, sign_in_by_phone, sign_in_by_wechat
from members.identity.services.standing import block_member, unblock_member

__all__ = [
    "add_address",
    "block_member",
    "change_address",
    "change_phone",
    "change_phone_of",
    "create_member",
    "end_session",
    "erase_due",
    "forget_phone_codes",
    "forget_sessions",
    "move_strays",
    "refresh",
    "remove_address",
    "request_cancellation",
    "send_phone_code",
    "sign_in_by_phone",
    "sign_in_by_wechat",
    "sign_out",
    "unblock_member",
    "update_profile",
    "withdraw_cancellation",
]
