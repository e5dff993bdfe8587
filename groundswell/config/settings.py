"""Django's settings, made from the typed environment. Nothing here reads `os.environ`."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import conninfo_to_dict

from groundswell.config import env
from groundswell.kit.mail import mail_backend, server_settings

ENV = env.load()

SECRET_KEY = ENV.secret()
DEBUG = ENV.debug
BASE_URL = ENV.base_url
GROUNDSWELL_HOME = ENV.home
DEMO = ENV.demo
SECOND_FACTOR_REQUIRED = ENV.second_factor == "required" and not ENV.demo
TRUSTED_PROXIES = ENV.trusted_proxies
TILE_URL = ENV.tile_url
ALLOWED_HOSTS = [*ENV.allowed_hosts] or [urlsplit(BASE_URL).hostname or "localhost", "localhost", "127.0.0.1"]

INSTALLED_APPS = [
    "django.contrib.postgres",
    "groundswell.web",
    "groundswell.intake",
    "groundswell.events",
    "groundswell.messaging",
    "groundswell.sources",
    "groundswell.people",
    "groundswell.powers",
    "groundswell.jobs",
    "groundswell.ledger",
    "groundswell.kit",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "procrastinate.contrib.django",
    "leaflet",
    "django_htmx",
    "csp",
]

MIDDLEWARE = [
    "groundswell.powers.language.LanguageOfPath",
    "groundswell.kit.open_pages.ShortWay",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "groundswell.config.urls"
WSGI_APPLICATION = "groundswell.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "groundswell.powers.movement.context",
                "groundswell.sources.carry.context",
            ],
            "builtins": ["groundswell.kit.templatetags.kit"],
        },
    }
]


def _database(url: str) -> dict[str, Any]:
    parts = conninfo_to_dict(url)
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    django = {names[key]: value for key, value in parts.items() if key in names}
    options = {key: value for key, value in parts.items() if key not in names}
    return {
        "ENGINE": "groundswell.config.engine",
        **django,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,  # after a restart of the database no request meets a dead connection
        "OPTIONS": options,
    }


DATABASES = {"default": _database(ENV.database_url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"},
    "fragments": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "fragments"},  # of pages
}

# --- sign-in -----------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "powers.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "web:me"
LOGOUT_REDIRECT_URL = "web:home"

ACCOUNT_ADAPTER = "groundswell.powers.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # entering the code proves the address
ACCOUNT_EMAIL_NOTIFICATIONS = True  # of changes to second factors
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = ACCOUNT_LOGIN_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_FORMAT = {"numeric": True, "length": 8, "dashed": True}  # three tries each
ACCOUNT_FORMS = {
    "request_login_code": "groundswell.powers.forms.SignInForm",
    "confirm_login_code": "groundswell.powers.forms.CodeForm",
}
ACCOUNT_SESSION_REMEMBER = True
MFA_ADAPTER = "groundswell.powers.adapters.MFAAdapter"
MFA_FORMS = {
    "authenticate": "groundswell.powers.forms.SecondFactorForm",
    "reauthenticate": "groundswell.powers.forms.ConfirmForm",
    "activate_totp": "groundswell.powers.forms.AppForm",
    "add_webauthn": "groundswell.powers.forms.PasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = urlsplit(BASE_URL).hostname in {"localhost", "127.0.0.1"}

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BASE_URL.startswith("https://")
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [BASE_URL]
SECURE_HSTS_SECONDS = 31_536_000 if SESSION_COOKIE_SECURE else 0
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", *([f"https://{urlsplit(TILE_URL).hostname}"] if TILE_URL else [])],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- mail --------------------------------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENV.from_email
DKIM_SELECTOR = ENV.dkim_selector
LOOK_AT_LOOPBACK = False  # whether links in mailings may lead to this very machine: in tests
EMAIL_BACKEND, EMAIL_OPTIONS = mail_backend(ENV.email_url)
globals().update(server_settings(ENV.email_url))
EMAIL_SECOND_URL = ENV.email_second_url
MAILBOX_URL = ENV.mailbox_url
MAIL_HOOKS = ENV.mail_hooks
REPLY_DOMAIN = ENV.reply_domain

# --- languages, time ---------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]
LOCALE_PATHS = [Path(__file__).parent.parent / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- static files ------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = ENV.home / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = ENV.home / "media"
MEDIA_URL = "media/"

LEAFLET_CONFIG = {"TILES": [], "DEFAULT_CENTER": (39.5, -96.0), "DEFAULT_ZOOM": 4, "RESET_VIEW": False}

# --- jobs --------------------------------------------------------------------------------------------------------
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = None
PROCRASTINATE_ON_APP_READY = "groundswell.jobs.tasks.register_all"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": ENV.log_level},
    "loggers": {"procrastinate": {"level": "WARNING"}, "django.request": {"level": "ERROR"}},
}
SILENCED_SYSTEM_CHECKS: list[str] = []
