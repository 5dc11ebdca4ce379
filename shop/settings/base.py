"""Settings for every installation; what differs between installations comes from the environment.

A running demo writes its environment to `STATE_DIR/env`, so that `manage.py` commands find the same servers.
Variables already set win over that file.
"""

from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from kombu import Queue

from shop.core.logging import logging_config
from shop.settings.console import UNFOLD as UNFOLD
from shop.settings.queues import LONG_QUEUE, LONG_TASKS, SHORT_QUEUE
from shop.settings.roles import ROLES as ROLES
from shop.settings.rooms import *  # noqa: F403

BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = environ.Env()
STATE_DIR = BASE_DIR / env.path("STATE_DIR", default=".state")
env.read_env(STATE_DIR / "env")

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="insecure-development-key-change-me-before-deploying")
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
BASE_URL = env.str("BASE_URL", default="http://127.0.0.1:8000")
CSRF_TRUSTED_ORIGINS = [BASE_URL]
if "SECRET_KEY" not in env.ENVIRON and urlsplit(BASE_URL).hostname not in ("127.0.0.1", "localhost", "::1"):
    raise ImproperlyConfigured("Set SECRET_KEY: the default one is public and would let anybody sign in as anyone.")

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "simple_history",
    "pgtrigger",
    "treebeard",
    "axes",
    "shop.core",
    "shop.staff",
    "shop.regions",
    "shop.catalog",
    "members.identity",
    "members.uploads",
    "members.tiers",
    "members.invitations",
    "members.notifications",
    "members.segments",
    "points.ledger",
    "points.rules",
    "points.tasks",
    "points.transfers",
    "points.deduction",
    "points.accounts",
    "points.mall",
    "promotions.campaigns",
    "promotions.coupons",
    "promotions.discounts",
    "promotions.quiz",
    "promotions.flash_sale",
    "promotions.bargaining",
    "promotions.lottery",
    "promotions.presale",
    "promotions.group_buy",
    "promotions.distribution",
    "promotions.redemption",
    "promotions.checkout",
    "logistics.network",
    "logistics.freight",
    "logistics.allocation",
    "logistics.carriers",
    "logistics.shipments",
    "orders.cart",
    "orders.checkout",
    "orders.payments",
    "orders.after_sales",
    "orders.reviews",
    "orders.invoices",
    "orders.verification",
    "orders.reconciliation",
    "orders.fulfilment",
    "orders.wechat_shipping",
    "orders.workbench",
    "orders.imports",
    "analytics.buyers",
    "analytics.events",
    "analytics.traffic",
    "analytics.funnel",
    "analytics.recommendations",
    "analytics.outreach",
    "analytics.engine",
    "analytics.reports",
    "analytics.anomalies",
]

MIDDLEWARE = [
    "shop.core.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
    "shop.core.replica.ReadFromReplica",
]

ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "shop.core.guide.guide_link",
            ],
        },
    },
]

# A migration of a big table may take longer: `migrate` is run with 0, which is none.
STATEMENT_TIMEOUT_MS = env.int("STATEMENT_TIMEOUT_MS", default=30_000)
PREPARED_STATEMENTS = env.bool("PREPARED_STATEMENTS", default=True)
DATABASES = {
    "default": {
        **env.db("DATABASE_URL", default="postgres://lantern@127.0.0.1:5432/lantern"),
        "ENGINE": "shop.core.postgres",
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 5,
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            # What is prepared finds few rows by keys: to plan it anew for its values would cost as much as it does.
            "options": f"-c lock_timeout=5000 -c statement_timeout={STATEMENT_TIMEOUT_MS}"
            " -c idle_in_transaction_session_timeout=60000 -c plan_cache_mode=force_generic_plan",
        },
        # A cursor of the server lives in its session, which a pooler gives to somebody else after the transaction.
        "DISABLE_SERVER_SIDE_CURSORS": not PREPARED_STATEMENTS,
    }
}
DATABASE_ROUTERS = ["shop.core.replica.ReplicaRouter"]
if env.str("REPLICA_URL", default=""):
    DATABASES["replica"] = {**DATABASES["default"], **env.db("REPLICA_URL"), "ENGINE": "shop.core.postgres"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHE_URL = env.str("CACHE_URL", default=REDIS_URL)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CACHE_URL,
        "KEY_PREFIX": "lantern",
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}
CATALOG_CACHE_PREFIX = "lantern:catalog"

AUTH_USER_MODEL = "core.StaffUser"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# History is a record; a price of last year comes back by typing it, through the same checks as any other.
SIMPLE_HISTORY_REVERT_DISABLED = True
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_ENABLE_ADMIN = False
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["shop.settings.formats"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = STATE_DIR / "static"
# Set a complete address for a mini-program: it takes a bare path for a file of its own.
MEDIA_URL = env.str("MEDIA_URL", default="/media/")
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(STATE_DIR / "media"))
# Of pictures that not everybody may see: never inside MEDIA_ROOT, which a web server may serve.
GUARDED_MEDIA_ROOT = env.path("GUARDED_MEDIA_ROOT", default=str(STATE_DIR / "guarded"))
MEDIA_GUARDS: dict[str, str] = {"uploads/": "members.uploads.queries.cache_rule"}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "guarded": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(GUARDED_MEDIA_ROOT)},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BASE_URL.startswith("https://")
X_FRAME_OPTIONS = "SAMEORIGIN"

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["shop.core.api.renderers.ORJSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["shop.core.api.parsers.StrictJSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "EXCEPTION_HANDLER": "shop.core.api.envelope.render_exception",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Lantern",
    "DESCRIPTION": "REST API of the Lantern mall for mini-program, H5 and app front ends.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # Hundreds of operations: opened room by room, found by name.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "docExpansion": "none", "filter": True},
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    # Fields of one name and different values, told apart.
    "ENUM_NAME_OVERRIDES": {
        "ReportKindEnum": "analytics.reports.models.Kind",
        "CouponKindEnum": ["amount", "percent", "free_shipping", "exchange"],
        "ReviewStatusEnum": "orders.reviews.models.Status",
        "AfterSaleKindEnum": "orders.after_sales.models.Kind",
        "AfterSaleStatusEnum": "orders.after_sales.models.Status",
        "BargainAttemptStatusEnum": "promotions.bargaining.models.AttemptStatus",
        "VerificationKindEnum": "orders.verification.models.VerificationKind",
        "DrawPaidWithEnum": "promotions.lottery.models.Draw.Paid",
        "LotteryStateEnum": "promotions.lottery.serializers.STATES",
        "RewardKindEnum": "points.mall.models.Reward.Kind",
        "RewardZoneThemeEnum": "points.mall.models.Zone.Theme",
        "VoucherStatusEnum": "points.mall.models.VoucherStatus",
        "PrizeKindEnum": "promotions.lottery.models.Prize.Kind",
        "CommissionBucketEnum": "promotions.distribution.models.Bucket",
        "PayoutMethodEnum": "promotions.distribution.models.PayMethod",
        "MethodEnum": "orders.payments.models.PaymentMethod",
    },
}

# Of one processor, for works that nobody waits for with a phone in the hand; 1 where they have a machine of their own.
LONG_WORK_SHARE = env.float("LONG_WORK_SHARE", default=0.2)

CELERY_BROKER_URL = REDIS_URL
# A worker that is told no queues takes all of them; `-Q` gives each worker its own (docs/operations.md).
CELERY_TASK_QUEUES = [Queue(SHORT_QUEUE), Queue(LONG_QUEUE)]
CELERY_TASK_DEFAULT_QUEUE = SHORT_QUEUE
CELERY_TASK_ROUTES = {name: {"queue": LONG_QUEUE} for name in LONG_TASKS}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 1800,
    "socket_timeout": 30,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 30,
    # Who publishes does not wait for a broker that is away: the outbox has kept the facts, its sweep delivers them.
    "max_retries": 0,
}
# Otherwise Celery opens a connection for every task, which costs Postgres several times what most tasks do.
CELERY_DB_REUSE_MAX = 1000
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BEAT_SCHEDULER = "shop.core.beat:SeededScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 10
CELERY_TIMEZONE = TIME_ZONE
DJANGO_CELERY_BEAT_TZ_AWARE = True

LOGGING_CONFIG = None
# The dotted path of a function that is called with every error that is logged (docs/operations.md).
ERROR_HOOK = env.str("ERROR_HOOK", default="")
LOGGING = logging_config(
    level=env.str("LOG_LEVEL", default="INFO"), json=env.bool("LOG_JSON", default=True), error_hook=ERROR_HOOK
)
# Who asks for `/metrics` shows it; without one nobody is answered.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

# Of the demo shop's staff; without it they cannot sign in.
DEMO_PASSWORD = env.str("ADMIN_PASSWORD", default="")
OUTBOUND_TIMEOUT_SECONDS = 5.0
WECHAT_API_URL = env.str("WECHAT_API_URL", default="https://api.weixin.qq.com")
WECHAT_APP_ID = env.str("WECHAT_APP_ID", default="")
WECHAT_APP_SECRET = env.str("WECHAT_APP_SECRET", default="")
# The page of the mini-program that an invitation opens, and where invitations lead in a browser.
WECHAT_LANDING_PAGE = env.str("WECHAT_LANDING_PAGE", default="pages/index/index")
FRONT_URL = env.str("FRONT_URL", default=BASE_URL)
WECHATPAY = {
    "gateway_url": env.str("WECHATPAY_GATEWAY_URL", default="https://api.mch.weixin.qq.com"),
    "mch_id": env.str("WECHATPAY_MCH_ID", default=""),
    "mch_serial": env.str("WECHATPAY_MCH_SERIAL", default=""),
    "private_key_path": env.str("WECHATPAY_PRIVATE_KEY_PATH", default=""),
    "public_key_path": env.str("WECHATPAY_PUBLIC_KEY_PATH", default=""),
    "public_key_id": env.str("WECHATPAY_PUBLIC_KEY_ID", default=""),
    "api_v3_key": env.str("WECHATPAY_API_V3_KEY", default=""),
}
ALIPAY = {
    "gateway_url": env.str("ALIPAY_GATEWAY_URL", default="https://openapi.alipay.com/gateway.do"),
    "app_id": env.str("ALIPAY_APP_ID", default=""),
    "seller_id": env.str("ALIPAY_SELLER_ID", default=""),
    "private_key_path": env.str("ALIPAY_PRIVATE_KEY_PATH", default=""),
    "public_key_path": env.str("ALIPAY_PUBLIC_KEY_PATH", default=""),
}
SMS_GATEWAY_URL = env.str("SMS_GATEWAY_URL", default="")
SMS_GATEWAY_KEY = env.str("SMS_GATEWAY_KEY", default="")
# The shop's mail, to staff: smtp://user:password@host:port, or the log of the process where nothing is set.
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = OUTBOUND_TIMEOUT_SECONDS
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Lantern <shop@lantern.example>")
COURIER_GATEWAY_URL = env.str("COURIER_GATEWAY_URL", default="")
COURIER_KEY = env.str("COURIER_KEY", default="")
SANDBOX_URL = env.str("SANDBOX_URL", default="")

# Who answers analytics, and where its days are kept as files for an engine that reads those (docs/analytics.md).
ANALYTICS_ENGINE = env.str("ANALYTICS_ENGINE", default="analytics.engine.postgres.PostgresEngine")
ANALYTICS_COLUMNS_DIR = env.str("ANALYTICS_COLUMNS_DIR", default="")

TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
PHONE_REGIONS = env.list("PHONE_REGIONS", default=["CN"])
# What this installation offers to fronts, told by `bootstrap`.
FEATURES = {
    "phone_login": bool(SMS_GATEWAY_URL),
    "wechat_login": bool(WECHAT_APP_ID),
    "wechat_pay": bool(WECHATPAY["mch_id"]),
    "alipay": bool(ALIPAY["app_id"]),
}

ACCESS_TOKEN_MINUTES = env.int("ACCESS_TOKEN_MINUTES", default=30)
REFRESH_TOKEN_DAYS = env.int("REFRESH_TOKEN_DAYS", default=30)
STAFF_REFRESH_TOKEN_DAYS = env.int("STAFF_REFRESH_TOKEN_DAYS", default=7)
