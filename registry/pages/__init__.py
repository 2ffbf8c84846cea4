"""What people read."""

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.functional import SimpleLazyObject

from registry.models import Switch


def switched_off(_request: HttpRequest | None) -> dict[str, object]:
    """What is off in the whole registry, asked for when a page says it: a context processor."""
    return {"switched_off": SimpleLazyObject(lambda: list(Switch.objects.all()))}


def site(_request: HttpRequest | None) -> dict[str, str]:
    """What every template may say of this registry: a context processor."""
    sign_in_url = resolve_url(settings.LOGIN_URL)
    return {"site_name": settings.SITE_NAME, "site_url": settings.SITE_URL, "sign_in_url": sign_in_url}
