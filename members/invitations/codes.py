"""The ways an invitation travels: a link, and a picture that a phone reads.

In a mini-program the picture is WeChat's own code, whose scene of at most 32 characters is `<invite code>` or
`<invite code>.<target>`. Without a mini-program, or while WeChat does not answer, it is a QR code of the link.
"""

from io import BytesIO
from urllib.parse import urlencode

import segno
from django.conf import settings

from members.identity import wechat
from members.identity.errors import WechatUnavailable
from members.invitations.card import CODE_SIZE

SCENE_LENGTH = 32


def invite_link(*, invite_code: str, target: str) -> str:
    """Where a browser goes; the front hands `invite` on to the sign-in."""
    query = {"invite": invite_code} | ({"target": target} if target else {})
    return f"{settings.FRONT_URL}/?{urlencode(query)}"


def scene(*, invite_code: str, target: str) -> str:
    return f"{invite_code}.{target}" if target else invite_code


def invite_picture(*, invite_code: str, target: str) -> tuple[bytes, bool]:
    """The picture's bytes, and whether it is the one that is wanted (False: the link, because WeChat was away).

    Not to be called inside a transaction.
    """
    if not settings.WECHAT_APP_ID:
        return _qr_code(invite_link(invite_code=invite_code, target=target)), True
    try:
        said = scene(invite_code=invite_code, target=target)
        return wechat.unlimited_code(scene=said, page=settings.WECHAT_LANDING_PAGE), True
    except WechatUnavailable:
        return _qr_code(invite_link(invite_code=invite_code, target=target)), False


def _qr_code(text: str) -> bytes:
    code, picture = segno.make_qr(text, error="m"), BytesIO()
    code.save(picture, kind="png", border=2, scale=max(1, CODE_SIZE // code.symbol_size(border=2)[0]))
    return picture.getvalue()
