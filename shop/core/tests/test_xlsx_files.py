"""Workbooks that readers of the format open: what goes in comes out, as text or as a number, and nothing runs."""

import io

from openpyxl import load_workbook

from shop.core.xlsx_files import LONGEST_TEXT, Sheet, write_book, write_sheet


def read(rows, numbers=()):
    target = io.BytesIO()
    write_sheet(title="订单", rows=rows, numbers=numbers, target=target)
    return load_workbook(target).active


def test_chinese_and_marks_of_xml_come_out_as_they_went_in():
    texts = ["龙井 <明前> & “特级”", " 前后有空格 ", "两\n行", "&amp;"]
    sheet = read([["名"], *([text] for text in texts)])
    assert [cell.value for (cell,) in sheet.iter_rows(min_row=2)] == texts


def test_a_formula_is_text_and_a_number_a_number():
    sheet = read([["备注", "应付"], ["=1+1", "12.50"], ["+8613800000000", ""], ["0012", "-3"]], numbers={1})
    rows = list(sheet.iter_rows(min_row=2))
    assert [(cell.value, cell.data_type) for cell in rows[0]] == [("=1+1", "s"), (12.5, "n")]
    assert [cell.value for cell in rows[1]] == ["+8613800000000", None]
    assert [(cell.value, cell.data_type) for cell in rows[2]] == [("0012", "s"), (-3, "n")]


def test_what_the_format_cannot_hold_is_left_out():
    sheet = read([["名"], ["a\x00b\x1fc\ud800"], ["长" * (LONGEST_TEXT + 1)]])
    assert [cell.value for (cell,) in sheet.iter_rows(min_row=2)] == ["abc", "长" * LONGEST_TEXT]


def test_headings_stay_in_sight_and_are_text_also_above_numbers():
    sheet = read([["1", "2"], ["1", "2"]], numbers={0, 1})
    assert sheet.freeze_panes == "A2"
    assert [cell.value for cell in sheet[1]] == ["1", "2"]
    assert [cell.value for cell in sheet[2]] == [1, 2]


def test_a_book_has_its_sheets_in_order_under_titles_that_are_allowed():
    target = io.BytesIO()
    write_book([Sheet('日报 [1/2] "茶"', [["a"]]), Sheet("长" * 40, [["b"]])], target=target)
    assert load_workbook(target).sheetnames == ['日报  1 2  "茶"', "长" * 31]


def test_wide_sheets_go_on_after_the_last_letter():
    row = [str(number) for number in range(60)]
    assert [cell.value for cell in read([row])[1]] == row
