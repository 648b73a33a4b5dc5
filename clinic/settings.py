"""Settings. Every choice that differs between machines comes from the environment, through `clinic.env`."""

import sys
from contextlib import suppress
from datetime import timedelta
from urllib.parse import urlsplit

import django_stubs_ext
from csp.constants import SELF

from clinic import env as environment
from clinic.env import BASE_DIR, env
from clinic.logging import logging_config

# Lets Django's own generic classes be written with their parameter: ModelForm[Patient].
django_stubs_ext.monkeypatch()

DATA_DIR = environment.data_dir()
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = environment.secret_key(DATA_DIR)
# They open no session: with them alone the numbers of erased patients are recognised.
OLD_SECRET_KEYS = env.list("OLD_SECRET_KEYS", default=[])

# The address that patients' phones and Twilio's servers know us by. Signatures are checked against it, never
# against the Host header, which the sender of a request can choose.
PUBLIC_BASE_URL = environment.origin("PUBLIC_BASE_URL", "http://127.0.0.1:8000")
_public = urlsplit(PUBLIC_BASE_URL)
HTTPS = _public.scheme == "https"
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[]) or [
    "127.0.0.1",
    "localhost",
    "[::1]",
    _public.hostname or "",
]
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]

INSTALLED_APPS = [
    "settings_app",
    "patients",
    "sms",
    "clinic",
    "clinic.accounts",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
    "heroicons",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # A listener learns nothing from lengths (BREACH): Django varies them at random and masks the CSRF token, and what
    # another site makes a browser fetch carries no session.
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "clinic.accounts.middleware.LoginRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "settings_app.middleware.ClinicTimeZoneMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "clinic.accounts.middleware.IdleLogout",
    "clinic.accounts.middleware.SecondStep",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
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
                "clinic.accounts.context.idle_log_out",
            ],
        },
    },
]

DATABASES = {"default": environment.database(DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Few things are kept here, and all of them guard the log-in, so all processes must see the same.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "clinic_cache",  # made by a migration
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}

# --- Accounts --------------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # refuses before a password is looked at
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "overview"
LOGOUT_REDIRECT_URL = "account_login"
LINK_DAYS = 3  # how long an invitation, or a link for a new password, can be used
PASSWORD_RESET_TIMEOUT = LINK_DAYS * 24 * 60 * 60

ACCOUNT_ADAPTER = "clinic.accounts.adapters.AccountAdapter"
ACCOUNT_FORMS = {"login": "clinic.accounts.forms.LogInForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]  # Sign-up is closed; the check of the settings wants it.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
# A clinic sits behind one address, so nothing that one person does there may stop the others: wrong passwords are
# counted by axes for a name and an address together, and here for a name alone, wherever from.
ACCOUNT_RATE_LIMITS = {
    "login": "300/m/ip",
    "login_failed": "20/10m/key",
    "reset_password": "60/m/ip,3/10m/key",
}
ALLAUTH_TRUSTED_PROXY_COUNT = environment.trusted_proxies()

MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Clinic SMS"
MFA_TOTP_TOLERANCE = 1  # Half a minute either way: phones' clocks differ, and typing takes time.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=10)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # The time we said stays the time.
AXES_CLIENT_IP_CALLABLE = "clinic.accounts.throttle.client_ip"
AXES_USERNAME_CALLABLE = "clinic.accounts.throttle.typed_name"
AXES_LOCKOUT_CALLABLE = "clinic.accounts.throttle.locked_out"
AXES_ENABLE_ADMIN = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

# --- E-mail ----------------------------------------------------------------------------------------------------
_mail = environment.email(DATA_DIR)
HAS_MAIL_SERVER = "smtp" in _mail["EMAIL_BACKEND"]
vars().update(_mail)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("EMAIL_FROM", default="") or f"no-reply@{_public.hostname}"

# One language for everybody in the clinic, not each browser's: they read one manual, and tell each other what to press.
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_CODE = environment.language(LOCALE_PATHS[0])
FORMAT_MODULE_PATH = "clinic.formats"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [("guide", BASE_DIR / "docs" / "guide" / "images")]
STATIC_ROOT = BASE_DIR / "staticfiles"
# Names with a fingerprint need `collectstatic`, which containers run when they are built. From a bare checkout
# the files are served from where they lie.
COLLECTED = (STATIC_ROOT / "staticfiles.json").is_file() or "collectstatic" in sys.argv
WHITENOISE_USE_FINDERS = not COLLECTED
with suppress(OSError):  # WhiteNoise warns of a missing folder; in a read-only checkout it may.
    STATIC_ROOT.mkdir(exist_ok=True)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- Safe by default -------------------------------------------------------------------------------------------
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # Asked by the machine next door, without TLS.
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 60 * 60
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    }
}

# --- Texting ---------------------------------------------------------------------------------------------------
TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN = env.str("TWILIO_AUTH_TOKEN", default="")
# While the token is being changed, Twilio still signs some calls with the old one.
TWILIO_AUTH_TOKEN_PREVIOUS = env.str("TWILIO_AUTH_TOKEN_PREVIOUS", default="")
TWILIO_MARKETING_SENDER = env.str("TWILIO_MARKETING_SENDER", default="") or env.str(
    "TWILIO_CARE_SENDER", default=""
)
TWILIO_CARE_SENDER = env.str("TWILIO_CARE_SENDER", default="") or TWILIO_MARKETING_SENDER
TWILIO_API_URL = environment.origin("TWILIO_API_URL", "")
# The pace of the sender: how long it waits for Twilio, looks for work, and asks about what it does not know.
TWILIO_READ_TIMEOUT = environment.seconds("TWILIO_READ_TIMEOUT", 30)
TWILIO_AT_ONCE = environment.at_least_one("TWILIO_AT_ONCE", 50)
SMS_TICK = environment.seconds("SMS_TICK_SECONDS", 5)
SMS_LOOK_UPS = environment.several_seconds("SMS_LOOK_UP_SECONDS", "30,120,600,1800")

# --- Celery ----------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = environment.broker_url()
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Ticks find all work by themselves. One that nobody took in time is dropped: the next one does as well.
CELERY_BEAT_SCHEDULE = {
    "tick": {"task": "sms.tasks.tick", "schedule": SMS_TICK, "options": {"expires": 10}},
    "look up unknown": {
        "task": "sms.tasks.look_up_unknown",
        "schedule": SMS_LOOK_UPS[0] / 2,
        "options": {"expires": 30},
    },
    "lost news": {"task": "sms.tasks.ask_for_lost_news", "schedule": 60.0, "options": {"expires": 120}},
    "patients tick": {"task": "patients.tasks.tick", "schedule": SMS_TICK, "options": {"expires": 10}},
    "release": {"task": "sms.tasks.release_promotions", "schedule": 60.0, "options": {"expires": 120}},
    "reminders": {"task": "sms.tasks.queue_due_reminders", "schedule": 60.0, "options": {"expires": 120}},
    "erasures": {"task": "sms.tasks.finish_erasures", "schedule": 300.0, "options": {"expires": 600}},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")
if CELERY_BROKER_URL.startswith("filesystem"):
    _folder = DATA_DIR / "broker"
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {
        "data_folder_in": str(_folder / "messages"),
        "data_folder_out": str(_folder / "messages"),
        "control_folder": str(_folder / "control"),
        "polling_interval": 0.05,
    }
    for _name in ("messages", "control"):
        (_folder / _name).mkdir(parents=True, exist_ok=True)
else:
    # Without these, a frozen Redis would hang the request that rings the bell for ever. A page has 2 seconds in all.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "socket_timeout": 1,
        "socket_connect_timeout": 1,
        "retry_on_timeout": False,
        "max_retries": 0,
    }

LOGGING = logging_config(debug=DEBUG)
