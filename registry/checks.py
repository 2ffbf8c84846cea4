"""System checks of the settings: a wrong combination stops the start (see ``registry.startup``)."""

import ipaddress
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

from registry.storage import contents

# Audiences of services at which a token must never be usable here too.
FOREIGN_AUDIENCES = frozenset({"pypi", "testpypi", "sigstore", "sts.amazonaws.com"})
MIN_SECRET, MIN_KINDS = 32, 5


@register(Tags.security)
def settings_are_right(**_kwargs: Any) -> list[CheckMessage]:
    """Tell Django's check framework what ``wrong_settings`` finds."""
    return wrong_settings()


@register(Tags.files, deploy=True)
def files_are_reached(**_kwargs: Any) -> list[CheckMessage]:
    """Ask for the storage, in ``check --deploy`` only: it may be on another machine."""
    try:
        contents.reach()
    except ImproperlyConfigured as wrong:
        return [Error(str(wrong), id="gatehouse.E013")]
    return []


def wrong_settings() -> list[CheckMessage]:
    """What is wrong with the settings, as one message each; the message names the setting."""
    networks = [*_networks("TRUSTED_PROXIES", "E003"), *_networks("METRICS_ALLOWED", "E006")]
    return [*_secret(), *_audience(), *networks, *_single_sign_on(), *_trusted_root(), *_site(), *_hosts()]


def _secret() -> list[CheckMessage]:
    """Whoever guesses it signs in as anybody. Django warns of one below 50 characters; this one is refused."""
    key = settings.SECRET_KEY
    if settings.DEBUG or (len(key) >= MIN_SECRET and len(set(key)) >= MIN_KINDS):
        return []
    words = f"SECRET_KEY must have at least {MIN_SECRET} characters, of at least {MIN_KINDS} kinds, unless DEBUG"
    return [Error(words, id="gatehouse.E012")]


def _audience() -> list[CheckMessage]:
    audience = settings.OIDC_AUDIENCE
    if audience in FOREIGN_AUDIENCES:
        return [Error(f"OIDC_AUDIENCE must be this registry's own name, not {audience!r}", id="gatehouse.E001")]
    if audience == "localhost" and not settings.DEBUG:
        return [Error("OIDC_AUDIENCE must not be 'localhost' without a port unless DEBUG", id="gatehouse.E002")]
    return []


def _networks(name: str, number: str) -> list[CheckMessage]:
    for written in getattr(settings, name):
        try:
            ipaddress.ip_network(written, strict=False)
        except ValueError:
            return [Error(f"{name} must hold addresses or networks, not {written!r}", id=f"gatehouse.{number}")]
    return []


def _single_sign_on() -> list[CheckMessage]:
    names = ("SSO_ISSUER", "SSO_CLIENT_ID", "SSO_CLIENT_SECRET")
    missing = [name for name in names if not getattr(settings, name)]
    if missing and len(missing) < len(names):
        return [Error(f"Single sign-on needs {' and '.join(missing)} too", id="gatehouse.E010")]
    useless = [name for name in ("SSO_SECOND_FACTOR", "SSO_CREATES_USERS") if missing and getattr(settings, name)]
    if useless:
        return [Error(f"{' and '.join(useless)} must be false without SSO_ISSUER", id="gatehouse.E011")]
    return []


def _trusted_root() -> list[CheckMessage]:
    """That there is such a file; what reads it (``tokens.attestations``) takes too long to load for each start."""
    path = settings.SIGSTORE_TRUSTED_ROOT
    if not path:
        return []
    try:
        document = json.loads(Path(path).read_bytes())
    except (OSError, ValueError, RecursionError):
        document = None
    if isinstance(document, dict) and {"tlogs", "ctlogs", "certificateAuthorities"} <= document.keys():
        return []
    return [Error(f"SIGSTORE_TRUSTED_ROOT must name a trusted_root.json, which {path!r} is not", id="gatehouse.E014")]


def _site() -> list[CheckMessage]:
    if settings.DEBUG or urlsplit(settings.SITE_URL).scheme == "https":
        return []
    return [checks.Warning("SITE_URL is not https: uv refuses to upload with trusted publishing", id="gatehouse.W001")]


def _hosts() -> list[CheckMessage]:
    if settings.DEBUG or "*" not in settings.ALLOWED_HOSTS:
        return []
    words = "ALLOWED_HOSTS holds *: the registry answers under whatever name it is asked by; write its own names"
    return [checks.Warning(words, id="gatehouse.W002")]
