"""Celery beat over django-celery-beat: what the code declares is seeded at the start, then the admin's to edit."""

from django_celery_beat.schedulers import DatabaseScheduler

from shop.core.schedule import seed_schedule


class SeededScheduler(DatabaseScheduler):
    def setup_schedule(self) -> None:
        seed_schedule()
        super().setup_schedule()
