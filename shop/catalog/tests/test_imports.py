"""Product files: everything or nothing, and every refusal names row, column and reason."""

import csv
import io

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation
from openpyxl import Workbook, load_workbook

from shop.catalog.errors import ImportConflict, ImportFileNotReadable
from shop.catalog.models import Brand, Category, Product, Sku, SkuStock
from shop.catalog.product_files.columns import COLUMNS
from shop.catalog.product_files.report import ImportReport
from shop.catalog.product_files.writing import csv_chunks, example, headings, product_rows, write_xlsx
from shop.catalog.services import imports
from shop.catalog.services.imports import import_products
from shop.catalog.tests.factories import CLERK, NOW, make_brand, make_category, make_product

pytestmark = pytest.mark.django_db
HEADINGS = ["商品编码", "商品名称", "分类", "规格编码", "售价(元)"]


@pytest.fixture
def tea() -> Category:
    return make_category("茶叶", slug="tea")


def csv_bytes(*rows: list[str], encoding: str = "utf-8") -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode(encoding)


def xlsx_bytes(*rows: list[object]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def run(content: bytes, *, dry_run: bool = False, create_missing: bool = False) -> ImportReport:
    return import_products(
        file=io.BytesIO(content),
        filename="products.csv",
        actor=CLERK,
        now=NOW,
        dry_run=dry_run,
        create_missing=create_missing,
    )


def refusals(content: bytes, **options: bool) -> list[tuple[int, str]]:
    """(row, column) of each problem; checks that a dry run finds the same and that nothing is written."""
    before = (Product.objects.count(), Sku.objects.count(), Category.objects.count(), Brand.objects.count())
    rehearsal = run(content, dry_run=True, **options)
    report = run(content, **options)
    assert report.problems == rehearsal.problems
    assert not report.imported
    assert before == (Product.objects.count(), Sku.objects.count(), Category.objects.count(), Brand.objects.count())
    assert all(problem.message for problem in report.problems)
    return [(problem.row, problem.column) for problem in report.problems]


def test_rows_become_products_with_skus_stock_and_history(tea):
    report = run(
        csv_bytes(
            ["商品编码", "商品名称", "分类", "规格编码", "规格", "售价(元)", "成本价(元)", "重量(克)", "上架"],
            ["T1", "龙井", "茶叶", "T1-50", "净含量:50g", "128", "", "80", "是"],
            ["T1", "", "", "T1-100", "净含量:100g", "¥1,228.50", "96.5", "150", ""],
            ["T2", "碧螺春", "tea", "T2", "", "88.8元", "", "", "否"],
        )
    )
    assert report.imported
    assert (report.rows, report.products_created, report.skus_created) == (3, 2, 3)
    assert list(
        Product.objects.order_by("code").values_list("code", "name", "category", "on_shelf", "min_price_fen")
    ) == [
        ("T1", "龙井", tea.pk, True, 12800),
        ("T2", "碧螺春", tea.pk, False, 8880),
    ]
    sku = Sku.objects.get(code="T1-100")
    assert (sku.price_fen, sku.cost_fen, sku.weight_g, sku.options) == (122850, 9650, 150, {"净含量": "100g"})
    assert SkuStock.objects.count() == 3
    assert set(sku.history.values_list("history_change_reason", "history_date")) == {("staff:clerk", NOW)}


def test_a_dry_run_counts_and_writes_nothing(tea):
    report = run(csv_bytes(HEADINGS, ["T1", "龙井", "茶叶", "S1", "1"], ["T1", "", "", "S2", "2"]), dry_run=True)
    assert (report.clean, report.imported, report.products_created, report.skus_created) == (True, False, 1, 2)
    assert not Product.objects.exists()


def test_blank_cells_leave_what_is_there(tea):
    product = make_product(code="T1", name="旧名", category_id=tea.pk, subtitle="旧副标题", prices=[100])
    report = run(csv_bytes([*HEADINGS, "副标题"], ["T1", "新名", "", "T1-1", "", ""]))
    assert (report.products_changed, report.skus_changed) == (1, 0)
    product.refresh_from_db()
    assert (product.name, product.subtitle, product.skus.get().price_fen) == ("新名", "旧副标题", 100)


def test_an_unchanged_row_writes_no_history(tea):
    product = make_product(code="T1", name="龙井", category_id=tea.pk, prices=[100])
    report = run(csv_bytes(HEADINGS, ["T1", "龙井", "茶叶", "T1-1", "1.00"]))
    assert (report.products_changed, report.skus_changed) == (0, 0)
    assert product.history.count() == product.skus.get().history.count() == 1


def test_a_changed_price_moves_the_lowest_price(tea):
    product = make_product(code="T1", category_id=tea.pk, prices=[500, 900])
    run(csv_bytes(["sku_code", "product_code", "price"], ["T1-2", "T1", "3"]))
    product.refresh_from_db()
    assert product.min_price_fen == 300


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_encodings(tea, encoding):
    assert run(csv_bytes(HEADINGS, ["T1", "明前龙井", "茶叶", "S1", "1"], encoding=encoding)).imported
    assert Product.objects.get().name == "明前龙井"


@pytest.mark.parametrize("heading", ["售价(元)", "售价（元）", "售价", "price", "Price", "PRICE "])
def test_headings_in_chinese_and_english(tea, heading):
    headings = ["product_code", "Name", "分类", "SKU code", heading]
    assert run(csv_bytes(headings, ["T1", "龙井", "茶叶", "S1", "1"])).imported


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters(tea, delimiter):
    text = "\n".join(delimiter.join(row) for row in (HEADINGS, ["T1", "龙井", "茶叶", "S1", "1.5"]))
    assert run(text.encode()).imported


def test_xlsx_with_numbers_and_artefacts_of_binary_fractions(tea):
    report = run(xlsx_bytes(HEADINGS, [1001, "龙井", "茶叶", 2001, 19.9], ["A", "毛峰", "茶叶", "B", 0.1 + 0.2]))
    assert report.imported
    assert set(Sku.objects.values_list("product__code", "code", "price_fen")) == {
        ("1001", "2001", 1990),
        ("A", "B", 30),
    }


@pytest.mark.parametrize(
    ("price", "accepted"),
    [
        ("0", True),
        ("12.50", True),
        ("12.500", True),
        ("abc", False),
        ("12.345", False),
        ("-1", False),
        ("−1", False),
        ("1e3", False),
        ("12,5", False),
        ("10000000.01", False),
        ("9" * 40, False),
        ("NaN", False),
        ("=1+1", False),
    ],
)
def test_prices(tea, price, accepted):
    content = csv_bytes(HEADINGS, ["T1", "龙井", "茶叶", "S1", price])
    if accepted:
        assert run(content).imported
    else:
        assert refusals(content) == [(2, "price")]


def test_each_problem_is_named_and_nothing_of_the_file_is_imported(tea):
    make_product(code="OLD", category_id=tea.pk)
    content = csv_bytes(
        [*HEADINGS, "品牌", "重量(克)", "规格", "类型"],
        ["GOOD", "龙井", "茶叶", "G1", "1", "", "", "", ""],
        ["", "龙井", "茶叶", "S2", "1", "", "", "", ""],
        ["T3", "", "", "S3", "1", "", "", "", ""],
        ["T4", "龙井", "咖啡", "S4", "1", "", "", "", ""],
        ["T5", "龙井", "茶叶", "S5", "", "", "", "", ""],
        ["T6", "龙井", "茶叶", "G1", "1", "", "", "", ""],
        ["T7", "龙井", "茶叶", "OLD-1", "1", "", "", "", ""],
        ["T8", "龙井", "茶叶", "S8", "1", "无此品牌", "", "", ""],
        ["T9", "龙井", "茶叶", "S9", "1", "", "1.5", "红", "图书"],
        ["GOOD", "另一个名字", "茶叶", "S10", "1", "", "", "", ""],
        ["bad code!", "龙井", "茶叶", "S11", "1", "", "", "", ""],
        ["T12", "龙" * 121, "茶叶", "S12", "1", "", "", "", ""],
        ["T13", "龙井", "茶叶", "S13", "1", "", "", "", "", "多余"],
    )
    assert sorted(refusals(content)) == [
        (3, "product_code"),
        (4, "name"),
        (5, "category"),
        (6, "price"),
        (7, "sku_code"),
        (8, "sku_code"),
        (9, "brand"),
        (10, "kind"),
        (10, "options"),
        (10, "weight_g"),
        (11, "product_code"),
        (12, "product_code"),
        (13, "name"),
        (14, ""),
    ]


def test_reasons_are_said_in_the_reader_language(tea):
    content = csv_bytes(HEADINGS, ["T1", "龙井", "茶叶", "S1", "12.345"])
    with translation.override("en"):
        assert run(content).problems[0].message == "An amount has at most two decimals."
    with translation.override("zh-hans"):
        assert run(content).problems[0].message == "金额最多两位小数。"


@pytest.mark.parametrize(
    ("headings", "expected"),
    [
        (["商品编码", "商品名称", "规格编码", "颜色深浅"], [(1, "颜色深浅")]),
        (["商品名称", "售价"], [(1, "product_code"), (1, "sku_code")]),
        (["商品编码", "规格编码", "售价", "price"], [(1, "price"), (1, "price")]),
    ],
)
def test_headings_are_checked_first(headings, expected):
    assert refusals(csv_bytes(headings, ["T1", "S1", "1"])) == expected


def test_missing_categories_and_brands_are_created_only_when_asked(tea):
    content = csv_bytes(
        [*HEADINGS, "品牌"],
        ["T1", "肉桂", "茶叶/乌龙/岩茶", "S1", "1", "武夷"],
        ["T2", "水仙", "茶叶/乌龙", "S2", "1", "武夷"],
    )
    assert refusals(content) == [(2, "category"), (3, "category")]
    report = run(content, create_missing=True)
    assert (report.imported, report.categories_created, report.brands_created) == (True, 2, 1)
    deepest = Product.objects.get(code="T1").category
    assert [each.name for each in Category.objects.get_ancestors(deepest)] == ["茶叶", "乌龙"]
    assert Product.objects.get(code="T2").category == Category.objects.get_parent(deepest)
    assert not any(Category.objects.find_problems())


def test_an_ambiguous_category_name_needs_its_path_or_code(tea):
    make_category("礼盒", parent=tea, slug="tea-gifts")
    make_category("礼盒", parent=make_category("糕点"), slug="cake-gifts")
    assert refusals(csv_bytes(HEADINGS, ["T1", "龙井", "礼盒", "S1", "1"])) == [(2, "category")]
    content = csv_bytes(HEADINGS, ["T1", "龙井", "茶叶/礼盒", "S1", "1"], ["T2", "酥饼", "cake-gifts", "S2", "1"])
    assert run(content).imported
    assert list(Product.objects.order_by("code").values_list("category__slug", flat=True)) == [
        "tea-gifts",
        "cake-gifts",
    ]


def test_a_broken_quote_is_named_and_ends_the_file(tea):
    content = csv_bytes(HEADINGS, ["T1", "龙井", "茶叶", "S1", "1"]) + '"T2,龙井,茶叶,S2,1\r\n'.encode()
    assert refusals(content) == [(3, "")]
    with translation.override("zh-hans"):
        [problem] = run(content).problems
    assert problem.message == "此行已损坏：引号缺失或位置不对，或某个单元格过长。"


@pytest.mark.parametrize(
    "content",
    [
        b"\xd0\xcf\x11\xe0 old excel",
        b"PK\x03\x04 not really a workbook",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        "商品编码,商品名称".encode("utf-16"),
        b"\x81\xff\xff\xff\x00",
    ],
    ids=["xls", "zip", "png", "utf-16", "noise"],
)
def test_unreadable_files_are_refused(content):
    with pytest.raises(ImportFileNotReadable):
        run(content)


@pytest.mark.parametrize("content", [b"", b"\r\n\r\n"])
def test_an_empty_file_is_a_problem_of_its_first_row(content):
    assert refusals(content) == [(1, "")]


def test_products_of_several_batches(tea, monkeypatch):
    monkeypatch.setattr(imports, "BATCH", 2)
    rows = [["T1", "龙井", "茶叶", "S0", "9"]] + [["T1", "", "", f"S{n}", str(n)] for n in range(1, 6)]
    content = csv_bytes(HEADINGS, *rows)
    assert run(content, dry_run=True).products_created == 1
    assert run(content).imported
    assert Product.objects.get().skus.count() == 6
    assert Product.objects.get().min_price_fen == 100


def test_a_fault_in_a_later_batch_undoes_the_earlier_ones(tea, monkeypatch):
    monkeypatch.setattr(imports, "BATCH", 1)
    content = csv_bytes(HEADINGS, ["T1", "龙井", "茶叶", "S1", "1"], ["T2", "龙井", "茶叶", "S2", "1"])
    original = imports._Plan.write

    def write_while_another_takes_the_code(plan, **signature):
        if plan.new_products[0].code == "T2":
            Sku.objects.create(product=Product.objects.get(code="T1"), code="S2", price_fen=1)
        original(plan, **signature)

    monkeypatch.setattr(imports._Plan, "write", write_while_another_takes_the_code)
    with pytest.raises(ImportConflict):
        run(content)
    assert not Product.objects.exists()


def test_what_is_exported_can_be_imported_again(tea):
    product = make_product(
        code="T1",
        name="=HYPERLINK(1)",
        subtitle="-5 度冷藏",
        category_id=tea.pk,
        brand_id=make_brand().pk,
        prices=[100, 250],
    )
    content = b"".join(csv_chunks(product_rows(Product.objects.all())))
    exported = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert len(exported) == 3
    assert exported[1][1] == "'=HYPERLINK(1)"
    report = run(content)
    assert report.imported
    assert (report.products_changed, report.skus_changed, report.products_created) == (0, 0, 0)
    product.refresh_from_db()
    assert product.name == "=HYPERLINK(1)"


def test_no_cell_of_an_export_is_a_formula(tea):
    for name in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1"):
        make_product(name=name, category_id=tea.pk)
    buffer = io.BytesIO()
    write_xlsx(product_rows(Product.objects.all()), buffer)
    cells = [cell for row in load_workbook(buffer).worksheets[0].iter_rows(min_row=2) for cell in row]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}
    assert not [cell.value for cell in cells if str(cell.value).startswith(("=", "+", "-", "@", "\t"))]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_template_itself_can_be_imported(language):
    with translation.override(language):
        buffer = io.BytesIO()
        write_xlsx([example()], buffer)
        assert len(headings()) == len(COLUMNS)
    report = run(buffer.getvalue(), create_missing=True)
    assert report.problems == []
    assert Sku.objects.get().price_fen == 22800


def test_the_command_says_what_it_did(tea, tmp_path, capsys):
    path = tmp_path / "products.csv"
    path.write_bytes(csv_bytes(HEADINGS, ["T1", "龙井", "茶叶", "S1", "1"]))
    call_command("import_products", str(path), "--dry-run")
    assert not Product.objects.exists()
    call_command("import_products", str(path))
    assert capsys.readouterr().out.splitlines()[-1].startswith("imported 1 rows: products +1 ~0, SKUs +1 ~0")
    path.write_bytes(csv_bytes(HEADINGS, ["T1", "龙井", "茶叶", "S1", "-1"]))
    with pytest.raises(CommandError):
        call_command("import_products", str(path))
    assert "2: price:" in capsys.readouterr().err
