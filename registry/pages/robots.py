"""What search engines may read: the pages of an open registry, nothing of a closed one."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

_OPEN = """User-agent: *
Allow: /project/
Allow: /help/
Allow: /static/
Allow: /$
Disallow: /
"""
_CLOSED = """User-agent: *
Disallow: /
"""


@csrf_exempt
@require_safe
def robots(_request: HttpRequest) -> HttpResponse:
    """The file for robots."""
    return HttpResponse(_OPEN if settings.ANONYMOUS_READ else _CLOSED, content_type="text/plain; charset=utf-8")
