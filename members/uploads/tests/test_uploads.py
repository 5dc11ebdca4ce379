"""Sending pictures, using them once, and seeing them with a key only."""

import io
import resource
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.core.files.storage import InMemoryStorage, storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from PIL import Image

from members.identity.errors import MemberBlocked
from members.identity.rooms import erase_everything, export_everything
from members.identity.services import block_member
from members.identity.services.merging import merge_accounts
from members.identity.tests.factories import MemberFactory
from members.uploads import services
from members.uploads.addresses import file_name, picture
from members.uploads.errors import TooManyUploads, UploadInUse, UploadNotFound
from members.uploads.models import Upload
from members.uploads.services import attach_uploads, discard_uploads, keep_upload, show_uploads, sweep
from members.uploads.tests.making import image, upload_of
from shop.catalog.tests.test_images import png_claiming, webp_claiming
from shop.core import clock
from shop.core.actors import Actor
from shop.core.images import thumbnail_name
from shop.core.models import PreferenceValue
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 4, tzinfo=UTC)
GPS_MARK = "GPS-SECRET-39.9042N"


@pytest.fixture(autouse=True)
def _own_storage(monkeypatch):
    monkeypatch.setitem(storages._storages, "guarded", InMemoryStorage())


def stored() -> int:
    """How many files lie in the storage."""
    folders, _files = storages["guarded"].listdir("")
    if not folders:
        return 0
    inner = storages["guarded"].listdir("uploads")[0]
    return sum(len(storages["guarded"].listdir(f"uploads/{each}")[1]) for each in inner)


def send(client, content: bytes, name="photo.jpg", **more):
    file = SimpleUploadedFile(name, content, content_type="image/jpeg")
    return client.post("/api/v1/uploads", {"file": file, **more}, format="multipart")


def use(member, upload, to="review:1", now=None):
    with transaction.atomic():
        return attach_uploads(member_id=member.pk, urls_or_ids=[upload.pk], to=to, now=now or clock.now())


def seen(url):
    answer = Client().get(url)
    return answer.status_code, answer.headers.get("Cache-Control")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_kept_clean_under_a_name_that_nobody_guesses(member_client, kind):
    exif = Image.Exif()
    exif[0x010E] = GPS_MARK
    content = image(kind, size=(1200, 600), exif=exif)
    assert GPS_MARK.encode() in content
    answer = send(member_client, content + b"<?php system($_GET[0]);", name="../../evil.php")
    assert answer.status_code == 201, answer.json()
    body = answer.json()
    assert (body["width"], body["height"], len(body["id"])) == (1200, 600, 32)
    for url, kept_as in ((body["url"], "JPEG"), (body["thumbnail_url"], "WEBP")):
        served = Client().get(url)
        data = b"".join(served.streaming_content)
        assert Image.open(io.BytesIO(data)).format == kept_as
        assert GPS_MARK.encode() not in data
        assert b"php" not in data
        assert served["X-Content-Type-Options"] == "nosniff"
    assert send(member_client, content).json()["id"] != body["id"]


def test_what_is_transparent_is_put_on_white(member):
    buffer = io.BytesIO()
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(buffer, "PNG")
    upload = keep_upload(member_id=member.pk, file=buffer, now=NOW)
    picture = Image.open(storages["guarded"].open(file_name(upload.pk)))
    assert (picture.format, picture.getpixel((5, 5))) == ("JPEG", (255, 255, 255))


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', 415, "image_not_supported"),
        (b"GIF89a/*" + image("GIF", mode="P")[6:], 415, "image_not_supported"),
        (b"<html><body>not a picture</body></html>", 415, "image_not_supported"),
        (b"%PDF-1.7", 415, "image_not_supported"),
        (b"", 415, "image_not_supported"),
        (image("PNG", size=(300, 300))[:200], 400, "image_broken"),
        (png_claiming(30_000, 30_000), 413, "image_too_large"),
        (webp_claiming(16_000, 16_000), 413, "image_too_large"),
        (b"\xff\xd8\xff" + bytes(10 * 1024 * 1024), 413, "image_too_large"),
        (b"\xff\xd8\xff" + bytes(11 * 1024 * 1024), 413, "image_too_large"),
    ],
    ids=["svg", "gif-polyglot", "html", "pdf", "empty", "cut", "png-bomb", "webp-bomb", "bytes", "more-bytes"],
)
def test_what_is_hostile_is_refused_within_bounds_and_leaves_nothing(member_client, content, status, code):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = send(member_client, content)
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert grown_kb < 64_000
    assert (Upload.objects.count(), stored()) == (0, 0)


def test_a_body_that_says_to_be_too_long_is_not_read(member_client, monkeypatch):
    monkeypatch.setattr("rest_framework.parsers.MultiPartParser.parse", lambda *_: pytest.fail("the body was read"))
    answer = send(member_client, bytes(10 * 1024 * 1024 + 20 * 1024))
    assert (answer.status_code, answer.json()["code"]) == (413, "image_too_large")


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{}", "application/json", 415, "image_expected"),
        (image(), "image/jpeg", 415, "image_expected"),
        (b"", "", 415, "image_expected"),
        (b"garbage", "multipart/form-data", 415, "image_expected"),
        (b"garbage", "multipart/form-data; boundary=x", 400, "invalid_input"),
    ],
)
def test_other_bodies_are_refused_in_their_own_words(member_client, body, content_type, status, code):
    answer = member_client.generic("POST", "/api/v1/uploads", body, content_type=content_type)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_one_file_and_nothing_else(member_client):
    file = SimpleUploadedFile("a.jpg", image())
    for body in ({"picture": file}, {"file": file, "more": "x"}, {"file": "text"}, {"file": [file, file]}):
        file.seek(0)
        answer = member_client.post("/api/v1/uploads", body, format="multipart")
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
    assert Upload.objects.count() == 0


def test_the_merchant_sets_how_large_a_picture_may_be(member_client):
    PreferenceValue.objects.create(key="uploads.megapixels", value=1)
    assert send(member_client, image("PNG", size=(1025, 1025))).json()["code"] == "image_too_large"
    assert send(member_client, image("PNG", size=(1024, 1024))).status_code == 201


def test_a_member_sends_so_many_in_an_hour(member_client):
    PreferenceValue.objects.create(key="uploads.per_hour", value=2)
    assert [send(member_client, image()).status_code for _ in range(3)] == [201, 201, 429]
    assert Upload.objects.count() == 2


def test_who_is_blocked_sends_nothing(member):
    block_member(member_id=member.pk, actor=Actor.staff("clerk"), now=NOW)
    with pytest.raises(MemberBlocked):
        upload_of(member)
    assert (Upload.objects.count(), stored()) == (0, 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_pictures_that_wait_are_bounded(guarded, monkeypatch):
    member = MemberFactory()
    PreferenceValue.objects.create(key="uploads.most_waiting", value=3)
    if not guarded:
        barrier = Barrier(6, timeout=30)
        monkeypatch.setattr(services, "lock_active_member", lambda **_: barrier.wait())
    answers = run_together(*[lambda: upload_of(member)] * 6)
    kept = [each for each in answers if isinstance(each, Upload)]
    assert (len(kept) == 3) is guarded
    if guarded:
        assert {type(each) for each in answers if isinstance(each, Exception)} == {TooManyUploads}
        assert stored() == 6  # three pictures with their thumbnails


def test_a_picture_serves_one_thing(member):
    first, second = upload_of(member), upload_of(member)
    with transaction.atomic():
        named = [picture(second.pk)["url"], first.pk, picture(second.pk)["thumbnail_url"]]
        assert attach_uploads(member_id=member.pk, urls_or_ids=named, to="review:1", now=clock.now()) == (
            second.pk,
            first.pk,
        )
    assert use(member, first, to="review:1") == (first.pk,)
    third = upload_of(member)
    with pytest.raises(UploadInUse) as refused, transaction.atomic():
        attach_uploads(member_id=member.pk, urls_or_ids=[third.pk, first.pk], to="review:2", now=clock.now())
    assert refused.value.data == {"uploads": [first.pk]}
    third.refresh_from_db()
    assert (third.used_for, Upload.objects.filter(used_for="review:1").count()) == ("", 2)


def test_only_ones_own_pictures_that_have_not_expired_can_be_used(member):
    others, mine = upload_of(MemberFactory()), upload_of(member, now=NOW)
    last = NOW + timedelta(days=1)
    for named in (others.pk, picture(others.pk)["url"], "0" * 32, "photo.jpg", ""):
        with pytest.raises(UploadNotFound), transaction.atomic():
            attach_uploads(member_id=member.pk, urls_or_ids=[named], to="review:1", now=NOW)
    with pytest.raises(UploadNotFound):
        use(member, mine, now=last)
    assert not Upload.objects.exclude(used_for="").exists()
    assert use(member, mine, now=last - timedelta(seconds=1)) == (mine.pk,)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_used_for_two_things_at_once_it_serves_one(guarded, monkeypatch):
    member = MemberFactory()
    upload = upload_of(member)
    if not guarded:
        barrier = Barrier(4, timeout=30)

        def look(rows, **_):
            found = list(rows)
            barrier.wait()
            return found

        monkeypatch.setattr("django.db.models.query.QuerySet.select_for_update", look)
    answers = run_together(*[lambda n=n: use(member, upload, to=f"review:{n}") for n in range(4)])
    assert len([each for each in answers if each == (upload.pk,)]) == (1 if guarded else 4)
    if guarded:
        assert {type(each) for each in answers if isinstance(each, Exception)} == {UploadInUse}


def test_a_private_picture_is_seen_with_its_key_until_the_next_day_ends(member):
    with clock.fixed(NOW):
        upload, other = upload_of(member), upload_of(member)
        use(member, upload)
        url, thumbnail = picture(upload.pk)["url"], picture(upload.pk)["thumbnail_url"]
        bare, key = url.split("?key=")
        assert [seen(each) for each in (url, thumbnail)] == [(200, "private, max-age=3600")] * 2
        forged = [
            bare,
            f"{bare}?key=",
            f"{bare}?key=x{key[1:]}",
            f"{bare}?key={key[:-1]}",
            f"{bare}?key=20991231{key[8:]}",
        ]
        strange = [
            picture(other.pk)["url"].split("?")[0] + f"?key={key}",
            f"/media/uploads/00/{'0' * 32}.jpg?key={key}",
        ]
        assert {seen(each)[0] for each in forged + strange} == {404}
    # 12:00 on 10 March in Shanghai; the key lasts until midnight of the 11th.
    midnight = datetime(2026, 3, 11, 16, tzinfo=UTC)
    with clock.fixed(midnight - timedelta(seconds=1)):
        assert seen(url)[0] == 200
    with clock.fixed(midnight):
        assert seen(url)[0] == 404


def test_a_public_picture_is_seen_by_everybody_until_it_is_hidden(member):
    upload = upload_of(member)
    use(member, upload)
    url = picture(upload.pk, public=True)["url"]
    assert url == f"/media/uploads/{upload.pk[:2]}/{upload.pk}.jpg"
    assert seen(url)[0] == 404
    with transaction.atomic():
        assert show_uploads(ids=[upload.pk], public=True) == 1
    assert seen(url) == (200, "public, max-age=600")
    with transaction.atomic():
        show_uploads(ids=[upload.pk], public=False)
    assert seen(url)[0] == 404


def test_what_waits_cannot_be_shown_to_everybody(member):
    upload = upload_of(member)
    with transaction.atomic():
        assert show_uploads(ids=[upload.pk], public=True) == 0
    assert not Upload.objects.get().is_public


def test_what_nobody_used_is_deleted_after_a_day_and_nothing_else(member):
    unused, used, gone = (upload_of(member, now=NOW) for _ in range(3))
    use(member, used, now=NOW)
    use(member, gone, to="review:2", now=NOW)
    with transaction.atomic():
        discard_uploads(ids=[gone.pk], now=NOW)
    with clock.fixed(NOW):
        assert seen(picture(gone.pk)["url"])[0] == 404
    assert sweep(now=NOW + timedelta(minutes=10)) == 1
    assert sweep(now=NOW + timedelta(days=1, minutes=9)) == 0
    assert stored() == 4
    assert sweep(now=NOW + timedelta(days=1, minutes=10)) == 1
    assert [row.pk for row in Upload.objects.all()] == [used.pk]
    assert stored() == 2
    assert not storages["guarded"].exists(thumbnail_name(file_name(unused.pk)))


def test_pictures_follow_a_merged_account_and_go_with_who_leaves(member):
    loose = MemberFactory(phone=None, openid="loose")
    theirs = upload_of(loose)
    use(loose, theirs)
    with transaction.atomic():
        merge_accounts(source_id=loose.pk, target_id=member.pk, now=clock.now())
    exported = export_everything(member_id=member.pk)["pictures"]
    assert [(row["used_for"], row["url"]) for row in exported] == [("review:1", picture(theirs.pk)["url"])]
    assert seen(exported[0]["url"])[0] == 200
    with transaction.atomic():
        assert erase_everything(member_id=member.pk, now=clock.now())["pictures"] == 1
    assert seen(exported[0]["url"])[0] == 404
    assert sweep(now=clock.now() + timedelta(minutes=11)) == 1
    assert stored() == 0


def test_the_list_of_the_staff_shows_pictures(member, admin_client, django_assert_max_num_queries):
    for _ in range(3):
        use(member, upload_of(member))
    with django_assert_max_num_queries(12):
        page = admin_client.get("/admin/uploads/upload/").content.decode()
    assert page.count('<img src="/media/uploads/') == 3
