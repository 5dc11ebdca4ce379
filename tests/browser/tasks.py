"""What each role does most, in the words of a merchant, and the test that does it in a browser at both widths."""

from collections.abc import Mapping

OFFICE, SALES, GOODS = "test_journeys_office.py", "test_journeys_sales.py", "test_journeys_goods.py"

TASKS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "owner": {
        "看今日经营和待办": ("test_roles_home.py", "test_a_role_lands_on_its_own_work"),
        "审批超过限额的人工积分": (
            OFFICE,
            "test_points_above_the_limit_wait_for_somebody_else_and_the_audit_says_who",
        ),
        "给新员工开账号": (OFFICE, "test_a_new_employee_gets_an_account_with_a_role_and_signs_in"),
        "修改店铺设置": (OFFICE, "test_a_setting_of_the_shop_is_changed"),
        "查谁改了什么": (OFFICE, "test_the_owner_finds_out_who_changed_a_product_and_what"),
    },
    "operator": {
        "上架新商品": (SALES, "test_the_operator_puts_a_new_product_on_the_shelf"),
        "发一张优惠券": (SALES, "test_the_operator_offers_a_coupon"),
        "开一场限时折扣": (SALES, "test_the_operator_starts_a_timed_discount"),
        "看活动日历和冲突": (SALES, "test_the_operator_looks_at_what_runs_and_what_meets"),
        "回复差评": (SALES, "test_the_operator_answers_a_bad_review"),
    },
    "warehouse": {
        "发货": ("test_editing.py", "test_a_parcel_is_shipped_by_keyboard_alone"),
        "导入运单号": (GOODS, "test_the_warehouse_gives_a_file_of_tracking_numbers"),
        "商品入库": (GOODS, "test_the_warehouse_books_what_has_arrived"),
        "仓库之间调拨": (GOODS, "test_the_warehouse_moves_goods_to_where_they_are_short"),
        "退货收货验货": (GOODS, "test_the_warehouse_looks_at_what_came_back"),
    },
    "finance": {
        "处理对账差异": (GOODS, "test_finance_settles_a_difference_with_the_gateway"),
        "开发票": (GOODS, "test_finance_issues_an_invoice"),
        "复核大额退款": (GOODS, "test_finance_approves_a_large_refund_as_the_second_person"),
        "审批佣金提现": (GOODS, "test_finance_pays_a_distributor_out"),
        "导出订单": (GOODS, "test_finance_takes_the_orders_along_as_a_file"),
    },
    "service": {
        "同意退款": ("test_editing.py", "test_money_goes_back_by_keyboard_alone"),
        "按手机号找会员、写备注": (SALES, "test_service_finds_a_member_by_phone_and_writes_a_note"),
        "补偿积分": (SALES, "test_service_makes_up_for_a_mistake_with_points"),
        "给未付款订单改价": (SALES, "test_service_lowers_the_price_of_an_order_that_is_not_paid"),
        "修改收货地址": (SALES, "test_service_sends_an_order_to_another_address"),
    },
    "analyst": {
        "看一周的经营概览": (OFFICE, "test_the_analyst_reads_the_week_of_one_front"),
        "看访客在哪一步流失": (OFFICE, "test_the_analyst_sees_where_visitors_leave"),
        "下载经营报表": (OFFICE, "test_the_analyst_takes_a_report_along"),
        "找出沉睡的买家": (OFFICE, "test_the_analyst_finds_buyers_who_have_gone_quiet"),
        "看触达效果": ("test_outreach.py", "test_a_result_stands_beside_its_control_group"),
    },
}
