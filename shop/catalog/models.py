"""What is sold: categories, brands, products with their SKUs, collections, and how much of each SKU can be promised.

`SkuStock.available` is what can still be sold, `reserved` what unpaid and not yet allocated orders hold. Together they
equal what the warehouses have and have not allocated (`logistics.network` proves it nightly).
"""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords
from treebeard.mp_tree import MP_Node

from shop.catalog.fields import OrderedMappingField
from shop.core import clock

WHOLE_BP = 10_000


class Category(MP_Node):
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=80, blank=True)
    slug = models.SlugField(_("code"), max_length=60, unique=True)
    image = models.ImageField(_("image"), upload_to="categories/", blank=True)
    is_active = models.BooleanField(_("shown"), default=True)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")

    def __str__(self) -> str:
        return self.name


class Brand(models.Model):
    name = models.CharField(_("name"), max_length=60, unique=True)
    name_en = models.CharField(_("English name"), max_length=80, blank=True)
    slug = models.SlugField(_("code"), max_length=60, unique=True)
    logo = models.ImageField(_("logo"), upload_to="brands/", blank=True)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """A product (SPU). It is sold while it is on shelf and the moment lies in its half-open shelf window."""

    class Kind(models.TextChoices):
        GOODS = "goods", _("Goods")
        SERVICE = "service", _("Service")
        VIRTUAL = "virtual", _("Virtual (card codes)")

    code = models.CharField(_("product code"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.GOODS)
    name = models.CharField(_("name"), max_length=120)
    name_en = models.CharField(_("English name"), max_length=160, blank=True)
    subtitle = models.CharField(_("subtitle"), max_length=160, blank=True)
    description = models.TextField(_("description"), blank=True)
    category = models.ForeignKey(Category, models.PROTECT, related_name="products", verbose_name=_("category"))
    brand = models.ForeignKey(
        Brand, models.PROTECT, related_name="products", verbose_name=_("brand"), null=True, blank=True
    )
    on_shelf = models.BooleanField(_("on shelf"), default=False)
    shelf_from = models.DateTimeField(_("on shelf from"), null=True, blank=True)
    shelf_until = models.DateTimeField(_("on shelf until"), null=True, blank=True)
    limit_per_order = models.PositiveIntegerField(_("limit per order"), null=True, blank=True)
    limit_per_member = models.PositiveIntegerField(_("limit per member"), null=True, blank=True)
    max_discount_bp = models.PositiveIntegerField(
        _("maximum discount (bp)"),
        default=WHOLE_BP,
        help_text=_("Promotions together take off no more of the price than this share."),
    )
    # Maintained by services, so that lists sort and filter on one indexed row.
    min_price_fen = models.PositiveIntegerField(_("lowest price (fen)"), default=0, editable=False)
    skus_in_stock = models.PositiveIntegerField(_("SKUs in stock"), default=0, editable=False)
    sales = models.PositiveIntegerField(_("units sold"), default=0, editable=False)
    rating_bp = models.PositiveIntegerField(_("rating (basis points of 5)"), default=0, editable=False)
    review_count = models.PositiveIntegerField(_("reviews"), default=0, editable=False)
    search_vector = SearchVectorField(null=True, editable=False)
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    history = HistoricalRecords(
        excluded_fields=[
            "search_vector",
            "min_price_fen",
            "skus_in_stock",
            "sales",
            "rating_bp",
            "review_count",
            "updated_at",
        ]
    )

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            models.CheckConstraint(
                condition=Q(shelf_until__isnull=True) | Q(shelf_from__isnull=True) | Q(shelf_until__gt=F("shelf_from")),
                name="product_shelf_window",
            ),
            models.CheckConstraint(condition=Q(max_discount_bp__lte=WHOLE_BP), name="product_discount_is_a_share"),
        ]
        indexes = [
            GinIndex(fields=["search_vector"], name="product_search"),
            models.Index(fields=["min_price_fen", "id"], condition=Q(on_shelf=True), name="product_by_price"),
            models.Index(fields=["-sales", "-id"], condition=Q(on_shelf=True), name="product_by_sales"),
            models.Index(fields=["-created_at", "-id"], condition=Q(on_shelf=True), name="product_by_age"),
            models.Index(fields=["-rating_bp", "-id"], condition=Q(on_shelf=True), name="product_by_rating"),
            # The next instant at which a window opens or closes by the clock: until then a cached list holds.
            models.Index(
                fields=["shelf_from"],
                condition=Q(on_shelf=True, shelf_from__isnull=False),
                name="product_window_opens",
            ),
            models.Index(
                fields=["shelf_until"],
                condition=Q(on_shelf=True, shelf_until__isnull=False),
                name="product_window_closes",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ProductImage(models.Model):
    product = models.ForeignKey(Product, models.CASCADE, related_name="images", verbose_name=_("product"))
    image = models.ImageField(_("image"), upload_to="products/")
    thumbnail = models.ImageField(_("thumbnail"), upload_to="products/thumbs/", editable=False)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("product image")
        verbose_name_plural = _("product images")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return str(self.image)


class Sku(models.Model):
    """One buyable variant; `options` maps option names to values, in display order."""

    product = models.ForeignKey(Product, models.PROTECT, related_name="skus", verbose_name=_("product"))
    code = models.CharField(_("SKU code"), max_length=40, unique=True)
    options = OrderedMappingField(_("options"), default=dict, blank=True)
    price_fen = models.PositiveIntegerField(_("price (fen)"))
    market_price_fen = models.PositiveIntegerField(_("market price (fen)"), null=True, blank=True)
    cost_fen = models.PositiveIntegerField(_("cost (fen)"), null=True, blank=True)
    floor_price_fen = models.PositiveIntegerField(
        _("floor price (fen)"), null=True, blank=True, help_text=_("No promotion lowers a unit below it.")
    )
    weight_g = models.PositiveIntegerField(_("weight (g)"), default=0)
    volume_cm3 = models.PositiveIntegerField(_("volume (cm³)"), default=0)
    image = models.ImageField(_("image"), upload_to="skus/", blank=True)
    is_active = models.BooleanField(_("sold"), default=True)
    position = models.PositiveIntegerField(_("position"), default=0)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("SKU")
        verbose_name_plural = _("SKUs")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.code

    @property
    def options_label(self) -> str:
        return " ".join(str(value) for value in self.options.values())


class SkuStock(models.Model):
    """How much of a SKU can be promised. Changed only by `shop.catalog.services.stock`."""

    sku = models.OneToOneField(Sku, models.CASCADE, related_name="stock", primary_key=True, verbose_name=_("SKU"))
    available = models.IntegerField(_("available"), default=0)
    reserved = models.IntegerField(_("reserved"), default=0)
    safety_stock = models.PositiveIntegerField(_("safety stock"), default=0)
    low_stock_at = models.PositiveIntegerField(_("low-stock alert at"), default=10)
    replenish_to = models.PositiveIntegerField(_("replenish to"), default=100)

    class Meta:
        verbose_name = _("sellable stock")
        verbose_name_plural = _("sellable stock")
        constraints = [
            models.CheckConstraint(condition=Q(available__gte=0), name="stock_available_not_negative"),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="stock_reserved_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.sku_id}: {self.available}"


class StockReservation(models.Model):
    """Units held for one reference, an order or a prize that waits for one, until it is allocated or released; the row
    goes with the hold.

    `expires_at` is set while the reference is unpaid; the owner of the reference releases it by then.
    """

    reference = models.CharField(_("reference"), max_length=40)
    sku = models.ForeignKey(Sku, models.PROTECT, related_name="+", verbose_name=_("SKU"))
    quantity = models.PositiveIntegerField(_("quantity"))
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)

    class Meta:
        verbose_name = _("stock reservation")
        verbose_name_plural = _("stock reservations")
        constraints = [
            models.UniqueConstraint(fields=["reference", "sku"], name="reservation_once_per_sku"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="reservation_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.reference}: {self.sku_id} × {self.quantity}"


class Collection(models.Model):
    """A themed pool of products (festival, brand or IP co-branding) with a half-open window and its own order."""

    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=80, blank=True)
    slug = models.SlugField(_("code"), max_length=60, unique=True)
    description = models.TextField(_("description"), blank=True)
    banner = models.ImageField(_("banner"), upload_to="collections/", blank=True)
    starts_at = models.DateTimeField(_("starts at"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True)
    is_active = models.BooleanField(_("shown"), default=True)
    position = models.PositiveIntegerField(_("position"), default=0)
    products = models.ManyToManyField(Product, through="CollectionItem", related_name="collections")

    class Meta:
        verbose_name = _("collection")
        verbose_name_plural = _("collections")

    def __str__(self) -> str:
        return self.name


class CollectionItem(models.Model):
    collection = models.ForeignKey(Collection, models.CASCADE, related_name="items", verbose_name=_("collection"))
    product = models.ForeignKey(Product, models.CASCADE, related_name="+", verbose_name=_("product"))
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("collection item")
        verbose_name_plural = _("collection items")
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["collection", "product"], name="collection_product_once")]

    def __str__(self) -> str:
        return f"{self.collection_id}: {self.product_id}"


class ProductImport(models.Model):
    """A product file that somebody uploaded: what its check found and whether it was imported. Read-only afterwards.

    The bytes are kept until they are imported, so that what was checked is what is imported, on whichever machine.
    """

    class Status(models.TextChoices):
        CHECKED = "checked", _("Checked")
        IMPORTING = "importing", _("Being imported")
        REFUSED = "refused", _("Has errors")
        IMPORTED = "imported", _("Imported")

    filename = models.CharField(_("file"), max_length=200)
    content = models.BinaryField(_("content"), null=True, editable=False)
    create_missing = models.BooleanField(_("create missing categories and brands"), default=False)
    status = models.CharField(_("status"), max_length=10, choices=Status)
    report = models.JSONField(_("report"), default=dict)
    uploaded_by = models.CharField(_("uploaded by"), max_length=160)
    uploaded_at = models.DateTimeField(_("uploaded at"))
    imported_at = models.DateTimeField(_("imported at"), null=True, blank=True)

    class Meta:
        verbose_name = _("product import")
        verbose_name_plural = _("product imports")

    def __str__(self) -> str:
        return self.filename
