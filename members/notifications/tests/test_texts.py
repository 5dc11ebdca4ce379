import pytest

from members.notifications.texts import complaints, render, render_subscribe, subscribe_lines


def test_placeholders_are_filled_in_as_they_are():
    assert render("{number}: {{braces}} {amount}", {"number": "{amount}", "amount": "¥1.00"}) == (
        "{amount}: {braces} ¥1.00"
    )


@pytest.mark.parametrize(
    "text",
    [
        "{number.__class__}",
        "{number[0]}",
        "{number!r}",
        "{number:>10}",
        "{number:{amount}}",
        "{}",
        "{0}",
        "{other}",
        "{number",
        "number}",
    ],
)
def test_nothing_but_declared_names_is_understood(text):
    assert complaints(text, allowed=["number", "amount"])


def test_a_text_of_declared_names_is_fine():
    assert complaints("{number} {amount} {{}}", allowed=["number", "amount"]) == []


def test_a_subscribe_message_is_cut_to_what_wechat_takes():
    body = "thing1: {name}\nphrase2: {name}\namount3: {amount}"
    values = {"name": "一二三四五六七八九十一二三四五六七八九十一二", "amount": "¥1,234.56"}
    assert render_subscribe(body, values) == {
        "thing1": "一二三四五六七八九十一二三四五六七八九…",
        "phrase2": "一二三四…",
        "amount3": "¥1,234.56",
    }


def test_a_value_cannot_add_a_field():
    assert render_subscribe("thing1: {name}", {"name": "a thing2: b"}) == {"thing1": "a thing2: b"}


@pytest.mark.parametrize(
    "body", ["", "text", "thing1 text", "thing1:", "other1: x", "thing1: x\nthing1: y", "thing: x"]
)
def test_a_subscribe_message_of_another_form_is_refused(body):
    with pytest.raises(ValueError):
        subscribe_lines(body)
