"""The settings of Gatehouse, read from the environment and from ``.env``.

Each one is explained in ``.env.example``. Values of the wrong type stop here; values that are wrong together
stop in ``registry.checks``.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from registry import env

BASE_DIR = Path(__file__).resolve().parent.parent
env.env.read_env(BASE_DIR / ".env")

DEBUG = env.flag("DEBUG", default=False)
SECRET_KEY = env.env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured("SECRET_KEY is required unless DEBUG is true")
    SECRET_KEY = "only-for-debugging-" + "0" * 40

SITE_URL = env.site_url("SITE_URL", "https://localhost:8443")
SITE_NAME = env.matching("SITE_NAME", "Gatehouse", r"[^\x00-\x1f]{1,80}", "a name of 1 to 80 characters")
SITE_HOST = urlsplit(SITE_URL).hostname or ""
ALLOWED_HOSTS = [SITE_HOST, *env.hosts("ALLOWED_HOSTS")]
TRUSTED_PROXIES = env.words("TRUSTED_PROXIES")
ANONYMOUS_READ = env.flag("ANONYMOUS_READ", default=True)
METRICS_ALLOWED = env.words("METRICS_ALLOWED", "127.0.0.1,::1")
MAX_FILE_SIZE = env.whole("MAX_FILE_SIZE", 100 * 1024 * 1024, 1, 2**40)

OIDC_AUDIENCE = env.matching(
    "OIDC_AUDIENCE", urlsplit(SITE_URL).netloc, r"[\x21-\x7e]{1,255}", "1 to 255 printable ASCII characters"
)
OIDC_ENABLED = env.flag("OIDC_ENABLED", default=True)
UPLOAD_TOKEN_TTL = env.whole("UPLOAD_TOKEN_TTL", 900, 900, 21600)  # PEP 807's bounds, in seconds
TOKEN_PREFIX = env.matching("TOKEN_PREFIX", "gth", r"[a-z][a-z0-9]{1,15}", "2 to 16 lower-case letters and digits")
PENDING_PUBLISHER_TTL_DAYS = env.whole("PENDING_PUBLISHER_TTL_DAYS", 30, 1, 3650)
PENDING_PUBLISHERS_PER_USER = env.whole("PENDING_PUBLISHERS_PER_USER", 10, 0, 100_000)
EXCHANGE_RETENTION_DAYS = env.whole("EXCHANGE_RETENTION_DAYS", 90, 1, 36_500)
MINT_RATE = env.rate("MINT_RATE", "120/min")
SIGSTORE_TRUSTED_ROOT = env.env.str("SIGSTORE_TRUSTED_ROOT", default="").strip()
DISCLOSURE_KEYS_URL = env.web_address("DISCLOSURE_KEYS_URL")
DISCLOSURE_API_TOKEN = env.env.str("DISCLOSURE_API_TOKEN", default="").strip()
API_RATE = env.rate("API_RATE", "1200/min")
SIGNUP_OPEN = env.flag("SIGNUP_OPEN", default=False)
REQUIRE_2FA = env.flag("REQUIRE_2FA", default=not DEBUG)
SSO_ISSUER = env.web_address("SSO_ISSUER")
SSO_CLIENT_ID = env.env.str("SSO_CLIENT_ID", default="").strip()
SSO_CLIENT_SECRET = env.env.str("SSO_CLIENT_SECRET", default="").strip()
SSO_SECOND_FACTOR = env.flag("SSO_SECOND_FACTOR", default=False)
SSO_CREATES_USERS = env.flag("SSO_CREATES_USERS", default=False)

INSTALLED_APPS = [
    "post_office",  # before us: registry.admin.mails takes its admin pages away
    "registry",
    "publishers",
    "tokens",
    "registry.accounts.apps.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",  # so that FORM_RENDERER finds Django's own templates beside ours
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
]
MIDDLEWARE = [
    "registry.observing.request_ids.RequestIdMiddleware",
    "registry.headers.HeadMiddleware",
    "registry.health.HealthMiddleware",
    "registry.headers.ContentSecurityPolicyMiddleware",
    "registry.pages.errors.RefusalMiddleware",
    "registry.proxies.TrustedProxyMiddleware",
    "registry.observing.middleware.MetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tokens.middleware.ExchangeMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "registry.accounts.middleware.AccountsMiddleware",
    "registry.closing.SwitchMiddleware",
]
ROOT_URLCONF = "registry.urls"
WSGI_APPLICATION = "registry.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": ["registry.pages.lean.Templates"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "registry.pages.site",
                "registry.pages.switched_off",
            ],
        },
    },
    # Mails as text: nothing is escaped in them.
    {
        "NAME": "text",
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {"autoescape": False},
    },
]

THREADS = env.whole("THREADS", 8, 1, 1000)  # of each worker of the server
DATABASES = {"default": env.database("DATABASE_URL", f"sqlite:///{BASE_DIR / 'var' / 'gatehouse.sqlite3'}")}
_database = DATABASES["default"]
if _database["ENGINE"].endswith("sqlite3"):
    _database["CONN_MAX_AGE"] = None
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;",
    }
    if str(_database["NAME"]) != ":memory:":
        _database["NAME"] = BASE_DIR / _database["NAME"]
        env.make_folder("DATABASE_URL", _database["NAME"].parent)
else:
    _database["ENGINE"] = "registry.postgresql"
    _database["OPTIONS"] = {
        # PostgreSQL keeps the plan of a statement that a connection has sent five times: half of its work.
        "server_side_binding": True,
        "prepare_threshold": 5,
        **_database.get("OPTIONS", {}),
        "pool": {"min_size": 1, "max_size": THREADS + 2, "timeout": 10},
    }

_cache_url = env.redis("CACHE_URL")
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": _cache_url}
    if _cache_url
    else {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        # By default 300: the counts of sign-ins that failed would be thrown away by who makes others.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
# For registry.counting, in seconds: a Redis that does not answer must not be felt.
REDIS_OPTIONS = {"socket_connect_timeout": 0.2, "socket_timeout": 0.2}
if _cache_url:
    CACHES["counts"] = {**CACHES["default"], "KEY_PREFIX": "counts", "OPTIONS": REDIS_OPTIONS}

STORAGES = {
    "default": env.files("FILES_URL", "file:var/files", BASE_DIR),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / (env.env.str("STATIC_ROOT", default="").strip() or "var/static")
env.make_folder("STATIC_ROOT", STATIC_ROOT.parent)
STATICFILES_DIRS = [BASE_DIR / "static"]
# A distribution streams through registry.uploads.receiving into the storage; these bound the form beside it.
FILE_UPLOAD_HANDLERS = ["registry.uploads.receiving.HashingUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4000
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# Whoever sends a mail puts it into the outbox; the mail worker takes it from there to where EMAIL_URL says.
_mail = env.mail("EMAIL_URL", "consolemail://")
vars().update(_mail)
EMAIL_BACKEND = "registry.outbox.EmailBackend"
EMAIL_TIMEOUT = 15  # seconds for each step of a conversation with the SMTP server
POST_OFFICE = {
    "BACKENDS": {"default": _mail["EMAIL_BACKEND"]},
    # The same in every attempt, so that a mail that was sent twice can be told.
    "MESSAGE_ID_ENABLED": True,
    "MESSAGE_ID_FQDN": SITE_HOST,
}
DEFAULT_FROM_EMAIL = f"{SITE_NAME} <noreply@{SITE_HOST}>"

AUTH_USER_MODEL = "registry.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
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
LOGIN_REDIRECT_URL = "front"
ACCOUNT_ADAPTER = "registry.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "registry.accounts.forms.SignInForm",
    "signup": "registry.accounts.forms.SignUpForm",
    "add_email": "registry.accounts.forms.AddEmailForm",
    "change_password": "registry.accounts.forms.ChangePasswordForm",
    "set_password": "registry.accounts.forms.SetPasswordForm",
    "reset_password": "registry.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "registry.accounts.forms.ResetPasswordKeyForm",
    "reauthenticate": "registry.accounts.forms.PasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_MAX_EMAIL_ADDRESSES = 10
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "front"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 30 * 60  # seconds that a sign-in counts as recent
ACCOUNT_DEFAULT_HTTP_PROTOCOL = urlsplit(SITE_URL).scheme
MFA_ADAPTER = "registry.accounts.adapter.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "registry.accounts.forms.CodeForm",
    "reauthenticate": "registry.accounts.forms.CodeAgainForm",
    "activate_totp": "registry.accounts.forms.ActivateAppForm",
    "add_webauthn": "registry.accounts.forms.AddPasskeyForm",
    "edit_webauthn": "registry.accounts.forms.RenamePasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = SITE_NAME
MFA_TOTP_TOLERANCE = 1  # steps of 30 seconds that a phone's clock may be off; registry.accounts.forms.OnlyOnce
# An unverified address beside the verified one must not keep anybody from a second factor; strangers verify first.
MFA_ALLOW_UNVERIFIED_EMAIL = True
SOCIALACCOUNT_ADAPTER = "registry.accounts.signon.adapter.SingleSignOnAdapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "optional"
SOCIALACCOUNT_EMAIL_REQUIRED = False

# Of whom the pages of publishers ask when each was last used: a function of the floor above.
PUBLISHER_USES = "tokens.uses.last_uses"
# Of whom an issuer's page asks when each key was used since the last hour that was written down.
KEY_USES = "tokens.uses.key_uses"

FORM_RENDERER = "registry.pages.forms.Renderer"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tokens.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Gatehouse",
    "DESCRIPTION": "Projects, trusted publishers, exchanges and tokens of a package registry. docs/api.md tells how.",
    "VERSION": "1",
    "LICENSE": {"name": "Apache-2.0"},
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "PREPROCESSING_HOOKS": ["registry.api.schema.only_the_api"],
    "POSTPROCESSING_HOOKS": ["registry.api.schema.add_problems", "registry.api.schema.open_changes"],
    "SCHEMA_PATH_PREFIX": "/api/v1/",
}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = True

_secure = SITE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _secure
SESSION_ENGINE = "registry.sessions"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [SITE_URL]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_HSTS_SECONDS = 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "registry.pages.errors.csrf_failure"
# Plain HTTP clients such as a health probe must reach the process; TLS ends here or at a trusted proxy.
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
        "json": {"()": "registry.observing.logs.JsonFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line" if DEBUG else "json"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    # It would add a handler of its own if it found none.
    "loggers": {
        "post_office": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "botocore": {"level": "WARNING"},  # it tells each process where it found its credentials
    },
}
