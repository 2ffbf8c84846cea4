"""What people read."""

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import resolve_url


def site(_request: HttpRequest | None) -> dict[str, str]:
    """What every template may say of this registry: a context processor."""
    sign_in_url = resolve_url(settings.LOGIN_URL)
    return {"site_name": settings.SITE_NAME, "site_url": settings.SITE_URL, "sign_in_url": sign_in_url}
