"""How staff are told of goods: what was bought, what comes back of it, what goes out in exchange."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from orders.after_sales.came_back import coming_back
from orders.after_sales.models import AfterSaleLine, Kind
from shop.catalog.models import Sku


def goods_of(line: AfterSaleLine) -> str:
    """What was bought."""
    ordered = line.order_line
    return f"{ordered.product_name} {ordered.options}".strip()


def goods_back(lines: Sequence[AfterSaleLine], *, now: datetime) -> dict[int, str]:
    """By id of these lines, what comes back, or came, by name and code; two queries.

    Of what was exchanged before, that is what was sent instead, not what was bought.
    """
    units = {pk: Counter(skus) for pk, skus in coming_back(lines, now=now).items()}
    skus = Sku.objects.select_related("product").in_bulk({sku_id for counted in units.values() for sku_id in counted})
    return {line.pk: _named(line, units[line.pk], skus) for line in lines}


def goes_out(line: AfterSaleLine) -> str:
    """What is sent in exchange for it, where that is something else."""
    other = line.replacement_sku
    if line.after_sale.kind != Kind.EXCHANGE or other is None:
        return ""
    goods = f"{line.order_line.product_name} {other.options_label}".strip()
    return _("Sent in exchange: {goods}").format(goods=f"{goods} ({other.code})")


def _named(line: AfterSaleLine, units: Counter[int], skus: dict[int, Sku]) -> str:
    names = []
    for sku_id, count in units.items():
        bought = sku_id == line.order_line.sku_id
        goods = goods_of(line) if bought else f"{skus[sku_id].product.name} {skus[sku_id].options_label}".strip()
        code = line.order_line.sku_code if bought else skus[sku_id].code
        names.append(f"{goods} ({code})" if len(units) == 1 else f"{goods} ({code}) × {count}")
    return " + ".join(names)
