"""Finance looks at the books: the days, what differs from the gateway, and settles it with a word."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_finance_sees_the_days_opens_the_one_that_differs_and_explains_it(desk_of):
    desk = desk_of("finance", height=760)
    page = desk.page
    desk.open("/admin/reconciliation/reconciliation/")
    assert desk.overflow() == 0
    desk.picture("reconciliation")
    desk.open("/admin/reconciliation/difference/")
    rows = page.locator("#result_list tbody tr")
    expect(rows).to_have_count(1)
    rows.locator("a[href*='/change/']").first.click()
    page.wait_for_load_state("networkidle")
    assert desk.overflow() == 0
    desk.picture("difference")
