"""By which codes WeChat knows carriers (its `get_delivery_list`)."""

from collections.abc import Mapping

from logistics.carriers.models import Carrier
from orders.wechat_shipping.models import CarrierCode

# From what shops call them.
KNOWN: Mapping[str, str] = {
    "SF": "SF",
    "SHUNFENG": "SF",
    "ZTO": "ZTO",
    "ZHONGTONG": "ZTO",
    "YTO": "YTO",
    "YUANTONG": "YTO",
    "STO": "STO",
    "SHENTONG": "STO",
    "YD": "YD",
    "YUNDA": "YD",
    "JD": "JD",
    "JTSD": "JTSD",
    "JT": "JTSD",
    "DBL": "DBL",
    "DEBANG": "DBL",
    "EMS": "EMS",
    "YZPY": "YZPY",
    "HTKY": "HTKY",
}
# WeChat asks for a masked phone beside its parcels.
WITH_CONTACT = ("SF",)


def code_of(carrier: Carrier | None) -> str:
    """Empty where nobody has said how WeChat calls the carrier."""
    if carrier is None:
        return ""
    given = CarrierCode.objects.filter(carrier=carrier).values_list("code", flat=True).first()
    return given or KNOWN.get(carrier.code.upper(), "")
