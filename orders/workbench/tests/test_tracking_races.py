"""A ring of swapped tracking numbers that two people put right at once, or two workers at one work."""

from threading import Barrier

import pytest
from django.db import transaction

from logistics.shipments import services as shipments
from logistics.shipments.models import Shipment, TrackingCorrection, TrackingEvent
from orders.workbench.models import WorkStatus
from orders.workbench.services import working
from orders.workbench.services.working import carry_on, start_work
from orders.workbench.tests.making import STAFF
from orders.workbench.tests.test_tracking_files import as_csv, checked, numbers_of, sent_under
from shop.core import clock
from shop.core.models import OutboxEntry
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)

WRONG, RIGHT = ("SF0002", "SF0003", "SF0001"), ["SF0001", "SF0002", "SF0003"]


def renumber_without_looking_again(*, changes, actor, now):
    """The unguarded twin: what was decided before the parcels were locked is done."""
    wanted = {each.shipment_number: each for each in changes}
    with transaction.atomic():
        parcels = list(Shipment.objects.filter(number__in=wanted).order_by("pk").select_for_update())
        Shipment.objects.filter(number__in=wanted).update(tracking_number="")
        for parcel in parcels:
            number = wanted[parcel.number].tracking_number
            shipments._correct(parcel, number, parcel.carrier_id, actor=actor, now=now)


@pytest.fixture
def parcels():
    return sent_under(*WRONG)


def begun(parcels):
    rows = ([each.number, "SF", number] for each, number in zip(parcels, RIGHT, strict=True))
    work = checked(as_csv(*rows))
    start_work(work_id=work.pk, actor=STAFF, now=clock.now())
    return work


def corrections_told():
    entered = OutboxEntry.objects.filter(fact="TrackingNumberEntered", payload__corrects=True)
    return entered.values("event_id").distinct().count()


@pytest.mark.parametrize("guarded", [True, False])
def test_two_files_of_one_ring_correct_each_parcel_once(parcels, monkeypatch, guarded):
    works = [begun(parcels), begun(parcels)]
    before = corrections_told()
    both_know_the_ring = Barrier(2, timeout=60)
    renumber = shipments.renumber_together if guarded else renumber_without_looking_again

    def together(**what):
        both_know_the_ring.wait()
        renumber(**what)

    monkeypatch.setattr(working, "renumber_together", together)
    answers = run_together(*(lambda work=work: carry_on(work_id=work.pk) for work in works))
    assert answers == [None, None]
    assert numbers_of(parcels) == RIGHT
    for work in works:
        work.refresh_from_db()
        assert (work.status, work.done, work.failed) == (WorkStatus.DONE, 3, 0)
    times = 1 if guarded else 2
    assert TrackingCorrection.objects.count() == corrections_told() - before == 3 * times


def test_what_was_reported_of_the_right_number_outlives_a_second_file(parcels):
    work = begun(parcels)
    late = begun(parcels)
    carry_on(work_id=work.pk)
    parcel = Shipment.objects.get(pk=parcels[0].pk)
    TrackingEvent.objects.create(
        shipment=parcel, event_id="1", state="in_transit", happened_at=clock.now(), received_at=clock.now()
    )
    changes = [
        shipments.Renumbering(each.number, parcel.carrier_id, number)
        for each, number in zip(parcels, RIGHT, strict=True)
    ]
    shipments.renumber_together(changes=changes, actor=STAFF, now=clock.now())
    carry_on(work_id=late.pk)
    assert parcel.events.count() == 1
    assert TrackingCorrection.objects.count() == 3


def test_two_workers_at_one_work_correct_each_parcel_once(parcels):
    work = begun(parcels)
    before = corrections_told()
    answers = run_together(*(lambda: carry_on(work_id=work.pk) for _worker in range(2)))
    # Who finds the ring in another's hands comes back later, as the outbox does.
    assert all(answer is None or isinstance(answer, working.PASSING) for answer in answers), answers
    carry_on(work_id=work.pk)
    work.refresh_from_db()
    assert (work.status, work.done, work.failed) == (WorkStatus.DONE, 3, 0)
    assert numbers_of(parcels) == RIGHT
    assert TrackingCorrection.objects.count() == corrections_told() - before == 3
