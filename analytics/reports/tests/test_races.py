"""Two that make the same report, or send the same mail, at the same moment."""

from threading import Barrier

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from analytics.buyers.tests.making import NOW, YESTERDAY
from analytics.reports import services
from analytics.reports.figures import content_of
from analytics.reports.mailing import mail_due
from analytics.reports.models import Kind, Mailing, Report
from analytics.reports.services import make_report, subscribe
from analytics.traffic.queries import Slice
from shop.core.models import StaffUser
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 4


def guarded():
    return make_report(kind=Kind.DAILY, first=YESTERDAY, last=YESTERDAY, is_sent=True, now=NOW)


def test_a_report_is_made_once():
    mei = StaffUser.objects.create_superuser("mei", email="mei@example.com")
    subscribe(staff_id=mei.pk, kinds={"daily"})
    made = run_together(*[guarded] * WORKERS)
    assert [isinstance(each, Report) for each in made].count(True) == 1
    assert made.count(None) == WORKERS - 1
    assert (Report.objects.count(), Mailing.objects.count()) == (1, 1)


def test_control_without_the_lock_all_but_one_fail(monkeypatch):
    everybody = Barrier(WORKERS, timeout=30)

    def unguarded():
        with transaction.atomic():
            assert not Report.objects.filter(kind=Kind.DAILY, first=YESTERDAY).exists()
            everybody.wait()
            content = content_of(Slice(YESTERDAY, YESTERDAY))
            return Report.objects.create(kind=Kind.DAILY, first=YESTERDAY, last=YESTERDAY, content=content, made_at=NOW)

    made = run_together(*[unguarded] * WORKERS)
    assert [isinstance(each, IntegrityError) for each in made].count(True) == WORKERS - 1
    assert services.make_report(kind=Kind.DAILY, first=YESTERDAY, last=YESTERDAY, is_sent=True, now=NOW) is None


def test_a_mail_is_sent_once_however_many_send():
    mei = StaffUser.objects.create_superuser("mei", email="mei@example.com")
    subscribe(staff_id=mei.pk, kinds={"daily"})
    guarded()
    outcomes = run_together(*[lambda: mail_due(now=NOW)] * WORKERS)
    assert sum(each["sent"] for each in outcomes) == 1
    assert len(mail.outbox) == 1


def test_control_without_the_lease_everybody_would_send():
    mei = StaffUser.objects.create_superuser("mei", email="mei@example.com")
    subscribe(staff_id=mei.pk, kinds={"daily"})
    guarded()
    everybody = Barrier(WORKERS, timeout=30)

    def unguarded():
        found = Mailing.objects.get(status=Mailing.Status.QUEUED)
        everybody.wait()
        return found.pk

    assert len(run_together(*[unguarded] * WORKERS)) == WORKERS
