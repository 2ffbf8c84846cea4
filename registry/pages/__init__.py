"""What people read."""

from django.conf import settings
from django.http import HttpRequest


def site(_request: HttpRequest | None) -> dict[str, str]:
    """What every template may say of this registry: a context processor."""
    return {"site_name": settings.SITE_NAME, "site_url": settings.SITE_URL, "sign_in_url": settings.LOGIN_URL}
