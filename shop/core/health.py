"""Is it alive, is it ready: for load balancers and for people who are woken.

`/health/live` answers when the process does. `/health/ready` asks Postgres and Redis and names jobs that do not run;
Redis away is reported but does not make the shop unready, because orders go on without it.
"""

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

from shop.core import clock
from shop.core.schedule import job_problems


def live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        problems = [problem.message for problem in job_problems(now=clock.now())]
    except DatabaseError:
        return JsonResponse({"status": "unready", "database": "down"}, status=503)
    answer = {"status": "ok", "database": "up", "redis": _redis_state(), "jobs": problems}
    return JsonResponse(answer)


def _redis_state() -> str:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
    try:
        client.ping()
    except (redis.RedisError, OSError):
        return "down"
    finally:
        client.close()
    return "up"
