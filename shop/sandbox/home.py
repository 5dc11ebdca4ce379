"""The page for people: what can be done here, and how."""

from shop.sandbox.routing import Request, Response, Route, answer

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Sandbox</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #222 }}
code {{ background: #f3f3f3; padding: 0 .25rem }} dt {{ margin-top: .75rem }}
</style>
<h1>Sandbox</h1>
<p>Stand-ins for the outside services of the shop at <a href="{shop_url}">{shop_url}</a>.
They speak the real protocols; the calls below are the hands of the people outside.</p>
<dl>{calls}</dl>
<p>Lists: <a href="/sms">SMS</a> · <a href="/outbox">outbox</a> · <a href="/deliveries">callbacks</a> ·
<a href="/faults">faults</a> · <a href="/health">health</a></p>
</html>
"""
_CALLS = (
    ("GET /sms?phone=", "What a phone received, newest first, with the code picked out."),
    ("POST /wechat/login-codes {openid?, phone?}", "A user opens the mini-program: a login code and a phone code."),
    (
        "POST /wechat/pay {prepay_id, client_params?, force?, success_time?, wait?}",
        "The user pays; the shop is notified. force pays as if begun before time_expire.",
    ),
    (
        "POST /wechat/probe {out_trade_no}",
        "Send a notification with a wrong signature, as the gateway does now and then.",
    ),
    (
        "POST /alipay/pay {out_trade_no, client_params?, success_time?, wait?}",
        "The payer pays by Alipay; the shop is notified. POST /alipay/open only looks at the trade.",
    ),
    (
        "POST /couriers/advance {tracking_number, to?, wait?}",
        "The parcel moves on: created, picked_up, in_transit, out_for_delivery, delivered; also exception, returned.",
    ),
    ("GET /outbox?kind=subscribe|email|sms", "What was sent out, newest first."),
    ("GET /deliveries?target=", "Callbacks to the shop and what became of them."),
    (
        "POST /faults {target, kind, times, seconds?, copies?, after?}",
        "Let something go wrong the next times; DELETE /faults heals. See the README beside the code for the kinds.",
    ),
)


class Home:
    """The page and the health check."""

    def __init__(self, *, shop_url: str) -> None:
        calls = "".join(f"<dt><code>{call}</code></dt><dd>{what}</dd>" for call, what in _CALLS)
        self._page = _PAGE.format(shop_url=shop_url, calls=calls).encode()

    def routes(self) -> list[Route]:
        return [Route("GET", "/", self.page), Route("GET", "/health", self.health)]

    def page(self, request: Request) -> Response:
        return Response(200, self._page, "text/html; charset=utf-8")

    def health(self, request: Request) -> Response:
        return answer({"status": "ok"})
