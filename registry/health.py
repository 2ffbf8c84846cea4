"""Whether the process lives (``/healthz``) and whether it can serve (``/readyz``)."""

import functools
import logging
from collections.abc import Callable

from django.core.files.base import ContentFile
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils.crypto import get_random_string

from registry.storage import contents

logger = logging.getLogger(__name__)

NO_STORE = {"Cache-Control": "no-store"}


class HealthMiddleware:
    """Answers probes before anything else looks at them: they speak to an address, not to ALLOWED_HOSTS."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a probe, or go on."""
        probe = PROBES.get(request.path_info)
        if probe is None:
            return self.get_response(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return probe()


def live() -> HttpResponse:
    """200 as long as the process answers; it asks nothing of the database."""
    return JsonResponse({"status": "ok"}, headers=NO_STORE)


def ready() -> HttpResponse:
    """200 when all checks pass, else 503 with the names of those that failed; why they did is for the log."""
    failed = [name for name, check in CHECKS.items() if not _passes(name, check)]
    if failed:
        return JsonResponse({"status": "failed", "failed": failed}, status=503, headers=NO_STORE)
    return JsonResponse({"status": "ok"}, headers=NO_STORE)


def _passes(name: str, check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception:
        # Whatever it is that went wrong, a probe answers.
        logger.exception("Not ready: %s", name)
        return False
    return True


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _migrations() -> None:
    missing = _known_migrations() - set(MigrationRecorder(connection).applied_migrations())
    if missing:
        raise RuntimeError(f"{len(missing)} migrations are not applied")


@functools.cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    """Those on disk; they do not change while the process runs."""
    return frozenset(MigrationLoader(None).disk_migrations or ())


def _storage() -> None:
    probe = contents.save(f"incoming/ready-{get_random_string(12)}", ContentFile(b"ready"))
    contents.delete(probe)


CHECKS: dict[str, Callable[[], None]] = {"database": _database, "migrations": _migrations, "storage": _storage}
PROBES: dict[str, Callable[[], HttpResponse]] = {"/healthz": live, "/readyz": ready}
