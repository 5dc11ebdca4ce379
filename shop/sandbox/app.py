"""Puts the sandbox together: one store, one deliverer, and the surfaces over them."""

import logging
import threading
from dataclasses import dataclass
from pathlib import Path

from shop.sandbox.alipay import notices as alipay_notices
from shop.sandbox.alipay.gateway import AlipayGateway
from shop.sandbox.bills import Bills
from shop.sandbox.couriers import Couriers
from shop.sandbox.deliveries import Deliverer
from shop.sandbox.faults import ANSWER_KINDS, Fault, Faults
from shop.sandbox.home import Home
from shop.sandbox.keys import Keys, open_keys
from shop.sandbox.mail import MailServer
from shop.sandbox.notifications import Notifications
from shop.sandbox.outbox import Outbox
from shop.sandbox.refunds import Refunds
from shop.sandbox.routing import HungUp, Refused, Request, Response, Route, Router, answer
from shop.sandbox.server import Server
from shop.sandbox.shipping_info import ShippingInfo
from shop.sandbox.store import Store
from shop.sandbox.transactions import Transactions
from shop.sandbox.transfers import Transfers
from shop.sandbox.wechat_codes import WechatCodes
from shop.sandbox.wechat_login import WechatLogin
from shop.sandbox.wechatpay_auth import WechatPayAuth

RETRY_SCHEDULE = (1.0, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
REFUND_DELAY = 0.2
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Options:
    """How a sandbox runs. `retry_schedule`: seconds before each further attempt of a callback."""

    state_dir: Path
    shop_url: str
    port: int = 0
    retry_schedule: tuple[float, ...] = RETRY_SCHEDULE
    refund_delay: float = REFUND_DELAY


class Sandbox:
    """A running sandbox."""

    def __init__(self, options: Options) -> None:
        keys = open_keys(folder=options.state_dir)
        store = Store(keys.folder / "sandbox.sqlite3")
        accounts = keys.accounts
        self._faults = faults = Faults()
        self._stopping = threading.Event()
        auth = WechatPayAuth(store=store, keys=keys)
        signers = dict.fromkeys(("payment_notify", "refund_notify", "transfer_notify"), auth.signature)
        signers["probe"] = auth.probe_signature
        self._deliverer = deliverer = Deliverer(
            store=store,
            faults=faults,
            schedule=options.retry_schedule,
            signers=signers,
            acceptances={alipay_notices.TARGET: alipay_notices.accepted},
        )
        login = WechatLogin(store=store, accounts=accounts, faults=faults)
        couriers = Couriers(store=store, accounts=accounts, deliverer=deliverer)
        signers["courier_push"] = couriers.signature
        signers[alipay_notices.TARGET] = alipay_notices.headers
        bills = Bills(store=store, accounts=accounts, faults=faults, auth=auth)
        alipay = AlipayGateway(
            store=store, keys=keys, faults=faults, deliverer=deliverer, refund_delay=options.refund_delay
        )
        outbox = Outbox(store=store, accounts=accounts, faults=faults, login=login)
        self._mail = MailServer(faults=faults, take=outbox.take_mail, port=keys.last_mail_port())
        surfaces = (
            Home(shop_url=options.shop_url),
            faults,
            deliverer,
            login,
            WechatCodes(login=login),
            ShippingInfo(store=store, faults=faults, login=login),
            outbox,
            *_wechat_pay(options, store=store, keys=keys, faults=faults, auth=auth, login=login, deliverer=deliverer),
            bills,
            alipay,
            couriers,
        )
        self._router = Router([route for surface in surfaces for route in surface.routes()])
        self._server = Server(port=options.port, handle=self.handle)
        self.url = bills.base_url = alipay.bills.base_url = self._server.url
        keys.write_env(url=self.url, mail_url=self._mail.url)

    def start(self) -> None:
        """Answer requests and send callbacks, from threads."""
        self._deliverer.start()
        threading.Thread(target=self._mail.serve_forever, name="mail", daemon=True).start()
        threading.Thread(target=self._server.serve_forever, name="server", daemon=True).start()

    def stop(self) -> None:
        """Stop answering and sending; what is pending stays in the store."""
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._mail.shutdown()
        self._mail.server_close()
        self._deliverer.stop()

    def handle(self, request: Request) -> Response:
        """Answer one request, through whatever fault awaits it."""
        try:
            route, names = self._router.find(method=request.method, path=request.path)
        except Refused as refusal:
            return refusal.response
        fault = self._fault_for(route.fault_targets(request))
        if fault is not None and not fault.after:
            return self._strike(fault)
        response = _run(route, request, names)
        return response if fault is None else self._strike(fault)

    def _fault_for(self, targets: tuple[str, ...]) -> Fault | None:
        for target in targets:
            if fault := self._faults.take(target, ANSWER_KINDS):
                return fault
        return None

    def _strike(self, fault: Fault) -> Response:
        if fault.kind == "hang":
            self._stopping.wait(fault.seconds)
            raise HungUp
        return answer({"code": "SYSTEM_ERROR", "message": "系统异常，请稍后重试"}, status=500)


def _run(route: Route, request: Request, names: dict[str, str]) -> Response:
    try:
        return route.handler(request, **names)
    except Refused as refusal:
        return refusal.response
    except Exception:
        _logger.exception("%s %s failed", request.method, request.path)
        return answer({"code": "SYSTEM_ERROR", "message": "The sandbox failed; see its log."}, status=500)


def _wechat_pay(
    options: Options,
    *,
    store: Store,
    keys: Keys,
    faults: Faults,
    auth: WechatPayAuth,
    login: WechatLogin,
    deliverer: Deliverer,
) -> tuple[Transactions, Refunds, Transfers]:
    accounts = keys.accounts
    notifications = Notifications(accounts=accounts, deliverer=deliverer)
    return (
        Transactions(
            store=store, accounts=accounts, faults=faults, auth=auth, login=login, notifications=notifications
        ),
        Refunds(
            store=store,
            accounts=accounts,
            faults=faults,
            auth=auth,
            notifications=notifications,
            delay=options.refund_delay,
        ),
        Transfers(
            store=store,
            accounts=accounts,
            faults=faults,
            auth=auth,
            login=login,
            notifications=notifications,
            delay=options.refund_delay,
        ),
    )
