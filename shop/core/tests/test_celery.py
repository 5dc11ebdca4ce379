import pytest
from celery.fixups.django import DjangoWorkerFixup
from celery.signals import task_prerun
from django.db import connection

from shop.celery import app


@pytest.fixture
def worker():
    connection.ensure_connection()
    # As long as in a shop; tests let them go at once.
    connection.close_at = None
    return DjangoWorkerFixup(app)


@pytest.mark.django_db(transaction=True)
def test_a_worker_keeps_its_connection_from_task_to_task(worker):
    first = connection.connection

    for _ in range(3):
        task_prerun.send(sender=None)
        worker.close_database()

    assert connection.connection is first


@pytest.mark.django_db(transaction=True)
def test_a_worker_replaces_a_connection_that_its_server_ended(worker):
    first = connection.connection
    connection.connection.close()

    worker.close_database()
    task_prerun.send(sender=None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")

    assert connection.connection is not first
