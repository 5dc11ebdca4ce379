"""Alipay put together: its one address, and the hands of its payers."""

from shop.sandbox.alipay.bills import Bills
from shop.sandbox.alipay.notices import Notices
from shop.sandbox.alipay.protocol import Protocol, parameters
from shop.sandbox.alipay.refunds import Refunds
from shop.sandbox.alipay.trades import Trades
from shop.sandbox.deliveries import Deliverer
from shop.sandbox.faults import Faults
from shop.sandbox.keys import Keys
from shop.sandbox.routing import Request, Response, Route
from shop.sandbox.store import Store

FAULT_TARGETS = {
    "alipay.trade.close": "alipay_close",
    "alipay.trade.refund": "alipay_refund",
    "alipay.data.dataservice.bill.downloadurl.query": "alipay_bill",
}


class AlipayGateway:
    """What the merchant calls, and who pays."""

    def __init__(self, *, store: Store, keys: Keys, faults: Faults, deliverer: Deliverer, refund_delay: float) -> None:
        protocol = Protocol(keys=keys)
        notices = Notices(accounts=keys.accounts, protocol=protocol, deliverer=deliverer)
        trades = Trades(store=store, faults=faults, protocol=protocol, notices=notices)
        refunds = Refunds(store=store, faults=faults, trades=trades, notices=notices, delay=refund_delay)
        self.bills = Bills(store=store, accounts=keys.accounts, faults=faults)
        self._protocol = protocol
        self._trades = trades
        self._refunds = refunds
        self._methods = {**trades.methods(), **refunds.methods(), **self.bills.methods()}

    def routes(self) -> list[Route]:
        return [
            Route("POST", "/gateway.do", self.call, self.targets),
            Route("GET", "/gateway.do", self.call, self.targets),
            *self._trades.routes(),
            *self._refunds.routes(),
            *self.bills.routes(),
        ]

    def call(self, request: Request) -> Response:
        """/gateway.do with the parameters in the query or in a form."""
        return self._protocol.answer(request, self._methods)

    def targets(self, request: Request) -> tuple[str, ...]:
        """Which faults may strike this call."""
        own = FAULT_TARGETS.get(parameters(request).get("method", ""))
        return ("alipay", own) if own else ("alipay",)
