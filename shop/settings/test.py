"""Settings for tests: real Postgres and Redis, cheap password hashing, quiet logs."""

from shop.settings.base import *  # noqa: F403
from shop.settings.base import DATABASES as BASE_DATABASES
from shop.settings.base import REST_FRAMEWORK

# Threads of a live server must not hold on to the test database when it is dropped.
DATABASES = {"default": {**BASE_DATABASES["default"], "CONN_MAX_AGE": 0}}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "guarded": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
REST_FRAMEWORK = {
    **REST_FRAMEWORK,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "TEST_REQUEST_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer",
        "rest_framework.renderers.MultiPartRenderer",
    ],
}
AXES_ENABLED = False
LONG_WORK_SHARE = 1.0
