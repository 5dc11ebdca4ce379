"""Mini-program codes. The real ones are round and only WeChat reads them; these are QR codes of `<page>?scene=<scene>`,
so that everybody can see where they lead.
"""

import re
from io import BytesIO

import segno

from shop.sandbox.routing import Request, Response, Route
from shop.sandbox.wechat_login import WechatLogin, errcode

_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")
_PAGE = re.compile(r"[^/?][^?]{0,255}")


class WechatCodes:
    """Draws codes for the app that holds an access token."""

    def __init__(self, *, login: WechatLogin) -> None:
        self._login = login

    def routes(self) -> list[Route]:
        return [Route("POST", "/wxa/getwxacodeunlimit", self.unlimited, ("wechat_code",))]

    def unlimited(self, request: Request) -> Response:
        """POST /wxa/getwxacodeunlimit?access_token= {scene, page?, check_path?, width?}: a picture, or an errcode."""
        self._login.check_token(request)
        scene, page = request.data.get("scene"), request.data.get("page", "pages/index/index")
        if not (isinstance(scene, str) and _SCENE.fullmatch(scene)):
            raise errcode(40169, "invalid length for scene, or the data is not json string")
        if not (isinstance(page, str) and _PAGE.fullmatch(page)):
            raise errcode(41030, "invalid page")
        width = request.data.get("width", 430)
        if not (isinstance(width, int) and 280 <= width <= 1280):
            raise errcode(40097, "invalid width")
        code = segno.make_qr(f"{page}?scene={scene}", error="m")
        picture = BytesIO()
        code.save(picture, kind="png", border=2, scale=max(1, width // (code.symbol_size(border=2)[0])))
        return Response(200, picture.getvalue(), "image/png")
