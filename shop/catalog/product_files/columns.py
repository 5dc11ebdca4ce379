"""The columns of a product file: how each is named, read and written.

A blank cell leaves an existing value as it is. Rows of one product need not stand together; the first one describes
the product, further ones repeat that or leave it blank. Stock has no column: it changes by receipts and stock-takes.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shop.catalog.models import Product
from shop.catalog.options import format_options, parse_options
from shop.catalog.services.products import MAX_PRICE_FEN
from shop.core.money import parse_yuan, plain_yuan

MAX_WHOLE = 2_000_000_000
YES = frozenset({"是", "yes", "y", "true", "1", "上架"})
NO = frozenset({"否", "no", "n", "false", "0", "下架"})
KINDS = {
    "goods": Product.Kind.GOODS,
    "实物": Product.Kind.GOODS,
    "service": Product.Kind.SERVICE,
    "服务": Product.Kind.SERVICE,
    "virtual": Product.Kind.VIRTUAL,
    "虚拟": Product.Kind.VIRTUAL,
}
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,39}")


@dataclass(frozen=True)
class Column:
    """`read` turns a cell's text into a value, or raises ValueError with a message for people; `write` reverses it."""

    key: str
    heading: str
    read: Callable[[str], Any]
    example: str
    note: Any
    write: Callable[[Any], str] = str
    required: bool = False


def _text(length: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > length:
            raise ValueError(_("At most %(count)d characters.") % {"count": length})
        if "\0" in text:
            raise ValueError(_("The text contains a character that cannot be kept."))
        return text

    return read


def _code(text: str) -> str:
    if not _CODE.fullmatch(text):
        raise ValueError(_("A code has up to 40 letters, digits, dots, dashes, slashes and underscores."))
    return text


def _whole(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > MAX_WHOLE:
        raise ValueError(_("“%(text)s” is not a whole number.") % {"text": text[:40]})
    return int(text)


def _at_least_one(text: str) -> int:
    number = _whole(text)
    if number == 0:
        raise ValueError(_("At least 1."))
    return number


def _price(text: str) -> int:
    fen = parse_yuan(text)
    if fen > MAX_PRICE_FEN:
        raise ValueError(_("The price is too high."))
    return fen


def _yes_or_no(text: str) -> bool:
    word = text.lower()
    if word not in YES | NO:
        raise ValueError(_("Write yes or no."))
    return word in YES


def _kind(text: str) -> str:
    if text.lower() not in KINDS:
        raise ValueError(_("Write goods, service or virtual."))
    return KINDS[text.lower()]


def _write_kind(value: str) -> str:
    return value


def _write_yes_or_no(value: bool) -> str:
    return "是" if value else "否"


PRODUCT_COLUMNS = (
    Column("name", "商品名称", _text(120), "明前西湖龙井", gettext_lazy("required for a new product")),
    Column("name_en", "英文名称", _text(160), "Longjing green tea", ""),
    Column("subtitle", "副标题", _text(160), "2026 新茶 手工炒制", ""),
    Column("description", "描述", _text(20_000), "核心产区头采,豆香清雅。", ""),
    Column("kind", "类型", _kind, "实物", gettext_lazy("goods, service or virtual; goods unless given"), _write_kind),
    Column("category", "分类", _text(200), "茶叶/绿茶", gettext_lazy("name, path or code; required for a new product")),
    Column("brand", "品牌", _text(60), "山水间", gettext_lazy("name or code")),
    Column("limit_per_order", "每单限购", _at_least_one, "10", ""),
    Column("limit_per_member", "每人限购", _at_least_one, "", ""),
    Column("on_shelf", "上架", _yes_or_no, "是", gettext_lazy("yes or no; no unless given"), _write_yes_or_no),
)
SKU_COLUMNS = (
    Column("options", "规格", parse_options, "净含量:100g", gettext_lazy("name:value; name:value"), format_options),
    Column("price", "售价(元)", _price, "228.00", gettext_lazy("required for a new SKU"), plain_yuan),
    Column("market_price", "市场价(元)", _price, "268.00", "", plain_yuan),
    Column("cost", "成本价(元)", _price, "96.50", "", plain_yuan),
    Column("weight_g", "重量(克)", _whole, "180", ""),
    Column("volume_cm3", "体积(立方厘米)", _whole, "900", ""),
)
PRODUCT_CODE = Column("product_code", "商品编码", _code, "TEA-001", gettext_lazy("always required"), required=True)
SKU_CODE = Column("sku_code", "规格编码", _code, "TEA-001-100", gettext_lazy("required, one row each"), required=True)
COLUMNS = (PRODUCT_CODE, *PRODUCT_COLUMNS[:1], SKU_CODE, *SKU_COLUMNS, *PRODUCT_COLUMNS[1:])
SKU_FIELDS = {"price": "price_fen", "market_price": "market_price_fen", "cost": "cost_fen"}


def _normal(heading: str) -> str:
    return re.sub("[\\s_()\uff08\uff09*]", "", heading).lower()


_BY_HEADING: Mapping[str, Column] = {
    _normal(name): column for column in COLUMNS for name in (column.key, column.heading, column.heading.split("(")[0])
}


def column_named(heading: str) -> Column | None:
    """The column that a heading names, in Chinese or English, with or without its unit."""
    return _BY_HEADING.get(_normal(heading))
