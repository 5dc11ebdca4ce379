"""Loads the demo shop's categories, brands, products and collections; the products are listed in `products.tsv`.

A SKU reads `option=value:price:market price:cost:weight`, in fen and grams; SKUs are parted by `|`.
"""

import csv
import io
from datetime import datetime, timedelta
from pathlib import Path

from shop.catalog.demo.pictures import draw_product
from shop.catalog.models import Brand, Category, Collection, CollectionItem, Product
from shop.catalog.preferences import SHOP_NAME
from shop.catalog.services.images import StoredImage, store_image
from shop.catalog.services.products import SkuInput, create_product
from shop.core.actors import Actor
from shop.core.models import PreferenceValue

ACTOR = Actor.system("demo")
SMALL_PER_CATEGORY = 2
NAME = "灯笼小铺"

CATEGORIES = {
    "festival": ("节庆礼盒", "Festival gifts", "全程防震包装，可代写贺卡，支持指定送达日期。"),
    "tea": ("茗茶茶器", "Tea", "产地直采，批次可查；开封后请密封避光保存。"),
    "snacks": ("休闲零食", "Snacks", "日期新鲜，下单后从最近的仓库发出；请置于阴凉干燥处。"),
    "home": ("家居生活", "Home", "七天无理由退换，破损包赔；手工制品纹理略有差异属正常现象。"),
    "beauty": ("美妆个护", "Beauty", "正品备案可查，首次使用建议先做局部测试。"),
    "baby": ("母婴亲子", "Mother and baby", "符合婴童用品国家标准，随货附检测报告。"),
    "digital": ("数码配件", "Digital", "全国联保一年，十五天质量问题换新。"),
    "books": ("图书文创", "Books", "正版现货，塑封发货；多本合并寄送。"),
}
BRANDS = {
    "禾灯": "Hedeng", "水乡记": "Water Town", "灯影坊": "Lamplight", "甜时": "Sweet Hours", "云岫": "Yunxiu",
    "古茶驿": "Old Tea Post", "青白窑": "Qingbai Kiln", "果壳日记": "Nutshell Diary", "塞上": "Saishang",
    "渔歌": "Fisher Song", "素履": "Sulu", "炊烟": "Hearthsmoke", "花隐": "Huayin", "本草堂": "Bencao",
    "小满": "Xiaoman", "木木": "Mumu", "听风": "Tingfeng", "极昼": "Polar Day", "墨耕": "Mogeng",
}  # fmt: skip
COLLECTIONS = {
    "mid-autumn": ("中秋团圆季", "Mid-Autumn reunion", ["FG-MOON", "FG-SUNSU", "FG-LANT", "TE-LJ", "TE-SET", "SN-NUT"]),
    "new-year": ("年货节", "New Year shopping", ["FG-NIAN", "FG-COUP", "SN-PINE", "SN-BEEF", "TE-DHP", "HM-WOK"]),
    "first-gifts": ("新生好礼", "Gifts for the newborn", ["MB-SUIT", "MB-BEAR", "MB-BLOCK", "MB-BOT"]),
    "reading-night": ("夜读书房", "An evening's reading", ["BK-POEM", "BK-TEA", "DG-LAMP", "HM-INCE", "TE-BC"]),
}


def load(*, size: str, now: datetime) -> str:
    PreferenceValue.objects.get_or_create(key=SHOP_NAME.key, defaults={"value": NAME})
    categories, brands = _load_categories(), _load_brands()
    known = set(Product.objects.values_list("code", flat=True))
    rows = [row for row in _rows(size) if row["code"] not in known]
    for age, row in enumerate(reversed(rows)):
        _create(row, categories, brands, created_at=now - timedelta(days=62, hours=age))
    _load_collections(now)
    return f"{len(rows)} products"


def _rows(size: str) -> list[dict[str, str]]:
    with Path(__file__).with_name("products.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    if size == "full":
        return rows
    return [row for slug in CATEGORIES for row in [r for r in rows if r["category"] == slug][:SMALL_PER_CATEGORY]]


def _load_categories() -> dict[str, Category]:
    for slug, (name, name_en, _terms) in CATEGORIES.items():
        if not Category.objects.filter(slug=slug).exists():
            Category.objects.add_root(instance=Category(slug=slug, name=name, name_en=name_en))
    return {category.slug: category for category in Category.objects.filter(slug__in=CATEGORIES)}


def _load_brands() -> dict[str, Brand]:
    Brand.objects.bulk_create(
        [
            Brand(name=name, name_en=name_en, slug=name_en.lower().replace(" ", "-"), position=position)
            for position, (name, name_en) in enumerate(BRANDS.items())
        ],
        ignore_conflicts=True,
    )
    return {brand.name: brand for brand in Brand.objects.filter(name__in=BRANDS)}


def _create(
    row: dict[str, str], categories: dict[str, Category], brands: dict[str, Brand], created_at: datetime
) -> None:
    create_product(
        code=row["code"],
        name=row["name"],
        name_en=row["name_en"],
        subtitle=row["subtitle"],
        description=f"{row['name']}，{row['subtitle']}。\n\n{CATEGORIES[row['category']][2]}",
        category_id=categories[row["category"]].pk,
        brand_id=brands[row["brand"]].pk,
        skus=[_sku(row["code"], each, position) for position, each in enumerate(row["skus"].split("|"))],
        images=_pictures(row["motif"], int(row["hue"])),
        on_shelf=True,
        actor=ACTOR,
        now=created_at,
    )


def _pictures(motif: str, hue: int) -> list[StoredImage]:
    return [store_image(file=io.BytesIO(draw_product(motif, each))) for each in (hue, hue + 24)]


def _sku(product_code: str, text: str, position: int) -> SkuInput:
    option, *numbers = text.split(":")
    price, market_price, cost, weight = (int(number) for number in numbers)
    name, _equals, value = option.partition("=")
    return SkuInput(
        code=f"{product_code}-{position + 1}",
        price_fen=price,
        market_price_fen=market_price,
        cost_fen=cost,
        weight_g=weight,
        volume_cm3=weight * 3,
        options={name: value} if value else {},
        position=position,
    )


def _load_collections(now: datetime) -> None:
    products = dict(Product.objects.values_list("code", "pk"))
    for position, (slug, (name, name_en, codes)) in enumerate(COLLECTIONS.items()):
        collection, created = Collection.objects.get_or_create(
            slug=slug,
            defaults={
                "name": name,
                "name_en": name_en,
                "position": position,
                "starts_at": now - timedelta(days=30),
                "ends_at": now + timedelta(days=180),
            },
        )
        if created:
            CollectionItem.objects.bulk_create(
                CollectionItem(collection=collection, product_id=products[code], position=place)
                for place, code in enumerate(codes)
                if code in products
            )
