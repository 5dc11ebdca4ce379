"""Gifts by file: a dry run that names row, column and reason, a second person, rows booked once, and undone whole."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from members.identity.models import Member
from members.identity.tests.factories import MemberFactory
from points.accounts.errors import FileNotReady
from points.accounts.explaining import FILE
from points.accounts.models import GrantFile, GrantLine
from points.accounts.preferences import FILE_APPROVAL_ABOVE
from points.accounts.services.filing import decide_file, request_file, undo_file, upload_file, work_batch, work_files
from points.ledger.errors import SecondPersonNeeded
from points.ledger.models import PointTransaction
from points.ledger.services import spend
from points.ledger.tests.making import DAY, NOON, OTHER_STAFF, STAFF, balance, violations
from shop.core import clock
from shop.core.models import PreferenceValue
from shop.core.preferences import forget_cached

pytestmark = pytest.mark.django_db
HEAD = "手机号,积分,原因\n"


def uploaded(text):
    return upload_file(content=text.encode(), filename="gift.csv", actor=STAFF, now=NOON)


@pytest.fixture
def three():
    return [MemberFactory(phone=f"+861390000000{number}") for number in (1, 2, 3)]


def rows(points=(10, 20, 30)):
    return HEAD + "".join(f"1390000000{number},{each},节日\n" for number, each in enumerate(points, 1))


def test_a_dry_run_names_row_column_and_reason_and_books_nothing(three):
    MemberFactory(phone="+8613900000009", status=Member.Status.BLOCKED)
    file = uploaded(
        "phone,points,policy\n13900000001,0,\n13900000008,5,\n13900000009,5,\n13900000002,5,不存在\n"
        "13900000003,5,\n13900000003,6,\n"
    )
    assert [(each["row"], each["column"]) for each in file.problems] == [
        (2, "points"),
        (3, "phone"),
        (4, "phone"),
        (5, "policy"),
        (7, "phone"),
    ]
    assert (file.status, file.lines_in_file) == ("refused", 6)
    assert not GrantLine.objects.exists()
    with pytest.raises(FileNotReady):
        request_file(file_id=file.pk, actor=STAFF, now=NOON)
    assert work_files(now=NOON) == 0


@pytest.mark.parametrize("text", ["手机号,原因\n", "积分\n5\n", "手机号,积分\n"])
def test_a_file_without_what_it_needs_is_refused(text, db):
    assert uploaded(text).status == "refused"


def test_each_row_is_booked_once_in_batches_that_go_on_where_they_stopped(three):
    file = uploaded(rows())
    request_file(file_id=file.pk, actor=STAFF, now=NOON)
    assert work_batch(file_id=file.pk, now=NOON, batch_size=2) == 2
    assert work_files(now=NOON, batch_size=2) == 1
    assert work_files(now=NOON) == 0
    assert [balance(member)[0] for member in three] == [10, 20, 30]
    assert PointTransaction.objects.filter(source=FILE).count() == 3
    file.refresh_from_db()
    assert file.status == "done"
    # A row whose mark was lost is not booked again.
    GrantLine.objects.update(status="waiting")
    GrantFile.objects.update(status="running")
    work_files(now=NOON)
    assert [balance(member)[0] for member in three] == [10, 20, 30]
    assert violations() == {}


def test_who_was_blocked_meanwhile_gets_nothing_and_the_row_says_so(three):
    file = uploaded(rows())
    request_file(file_id=file.pk, actor=STAFF, now=NOON)
    Member.objects.filter(pk=three[1].pk).update(status="blocked")
    work_files(now=NOON)
    assert [balance(member)[0] for member in three] == [10, 0, 30]
    assert list(GrantLine.objects.order_by("number").values_list("status", "error")) == [
        ("booked", ""),
        ("failed", "not_active"),
        ("booked", ""),
    ]


def test_a_large_file_needs_somebody_else(three):
    PreferenceValue.objects.update_or_create(key=FILE_APPROVAL_ABOVE.key, defaults={"value": 59})
    forget_cached()
    file = uploaded(rows())
    assert request_file(file_id=file.pk, actor=STAFF, now=NOON).status == "waiting"
    assert work_files(now=NOON) == 0
    with pytest.raises(SecondPersonNeeded):
        decide_file(file_id=file.pk, approve=True, actor=STAFF, now=NOON)
    assert balance(three[0]) == (0, 0, 0, 0)
    decide_file(file_id=file.pk, approve=True, actor=OTHER_STAFF, now=NOON)
    assert work_files(now=NOON) == 3
    with pytest.raises(FileNotReady):
        decide_file(file_id=file.pk, approve=False, actor=OTHER_STAFF, now=NOON)


def test_many_small_files_of_one_person_need_somebody_else_too(three):
    PreferenceValue.objects.update_or_create(key=FILE_APPROVAL_ABOVE.key, defaults={"value": 65})
    forget_cached()
    texts = (rows(), rows((1, 1, 3)), rows((1, 1, 1)))
    files = [uploaded(text) for text in texts]
    asked = [request_file(file_id=file.pk, actor=STAFF, now=NOON).status for file in files]
    assert asked == ["running", "running", "waiting"]
    assert request_file(file_id=uploaded(rows((2, 1, 1))).pk, actor=OTHER_STAFF, now=NOON).status == "running"
    later = uploaded(rows((5, 5, 5)))
    assert request_file(file_id=later.pk, actor=STAFF, now=NOON + DAY).status == "running"


def test_the_same_file_again_needs_somebody_else(three):
    first, again = uploaded(rows()), uploaded(rows())
    assert request_file(file_id=first.pk, actor=STAFF, now=NOON).status == "running"
    work_files(now=NOON)
    assert request_file(file_id=again.pk, actor=STAFF, now=NOON + 30 * DAY).status == "waiting"
    assert work_files(now=NOON + 30 * DAY) == 0
    assert [balance(member)[0] for member in three] == [10, 20, 30]
    with pytest.raises(SecondPersonNeeded):
        decide_file(file_id=again.pk, approve=True, actor=STAFF, now=NOON)
    decide_file(file_id=again.pk, approve=False, actor=OTHER_STAFF, now=NOON)
    undo_file(file_id=first.pk, actor=STAFF, now=NOON)
    work_files(now=NOON)
    assert request_file(file_id=uploaded(rows()).pk, actor=STAFF, now=NOON + 60 * DAY).status == "running"


def test_undoing_takes_all_of_it_back_and_what_was_spent_is_owed(three):
    file = uploaded(rows())
    request_file(file_id=file.pk, actor=STAFF, now=NOON)
    work_files(now=NOON)
    with transaction.atomic():
        spend(reference="s", member_id=three[2].pk, points=25, source="order", now=NOON)
    assert undo_file(file_id=file.pk, actor=STAFF, now=NOON) == 3
    assert work_files(now=NOON) == 3
    assert [balance(member) for member in three] == [(0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 25)]
    with pytest.raises(FileNotReady):
        undo_file(file_id=file.pk, actor=STAFF, now=NOON)
    assert violations() == {}


def test_staff_upload_give_and_download_what_became_of_each_row(admin_client, three):
    language = {"accept-language": "zh-CN"}
    sent = SimpleUploadedFile("gift.csv", (HEAD + "13900000001,10,=1+1\n").encode())
    with clock.fixed(NOON):
        answer = admin_client.post("/admin/accounts/grantfile/upload/", {"file": sent}, follow=True, headers=language)
        file = GrantFile.objects.get()
        assert "已校验" in answer.content.decode()
        page = f"/admin/accounts/grantfile/{file.pk}/go-on"
        assert "发放这些积分" in admin_client.get(page, follow=True, headers=language).content.decode()
        admin_client.post(f"{page}/", {"do": "request"}, headers=language)
        work_files(now=NOON)
    result = admin_client.get(f"/admin/accounts/grantfile/{file.pk}/result/", headers=language)
    text = b"".join(result.streaming_content).decode("utf-8-sig")
    assert text.splitlines()[1] == f"2,{three[0].pk},10,'=1+1,已入账,"
    assert admin_client.get("/admin/accounts/grantfile/", headers=language).status_code == 200
