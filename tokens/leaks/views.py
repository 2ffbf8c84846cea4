"""``POST /_/secrets/disclose-token``: PyPI's path for it."""

from django.conf import settings
from django.http import Http404, HttpRequest, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from registry.switches import works_while_read_only
from tokens.leaks import reports
from tokens.leaks.errors import ReportRefused, TooLarge, WrongReport

MAX_BODY = 1024 * 1024
KEY_ID, SIGNATURE = "Github-Public-Key-Identifier", "Github-Public-Key-Signature"


@works_while_read_only
@csrf_exempt
@require_POST
def disclose(request: HttpRequest) -> JsonResponse:
    """Revoke what leaked; the answer says of each token whether it is one of ours (feedback to the reporter)."""
    if not settings.DISCLOSURE_KEYS_URL:
        raise Http404
    try:
        found = reports.read(_body(request), request.headers.get(KEY_ID, ""), request.headers.get(SIGNATURE, ""))
    except ReportRefused as refused:
        return _refusal(refused)
    address = request.META.get("REMOTE_ADDR") or None
    return _answer([{**_named(one), "label": _label(ours=reports.end(one, address))} for one in found])


def _body(request: HttpRequest) -> bytes:
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length.isascii() or not length.isdigit() or len(length) > 15 or int(length) > MAX_BODY:
        raise TooLarge(f"A report must say how long it is, and has at most {MAX_BODY} bytes.")
    try:
        return request.read(MAX_BODY)
    except UnreadablePostError:
        raise WrongReport("The report ended before it was complete.") from None


def _named(found: reports.Found) -> dict[str, str]:
    return {"token_raw": found.text, "token_type": found.kind}


def _label(*, ours: bool) -> str:
    return "true_positive" if ours else "false_positive"


def _refusal(refused: ReportRefused) -> JsonResponse:
    response = _answer({"message": str(refused)}, refused.status)
    if refused.retry_after is not None:
        response["Retry-After"] = str(refused.retry_after)
    return response


def _answer(said: object, status: int = 200) -> JsonResponse:
    return JsonResponse(said, status=status, safe=False, headers={"Cache-Control": "no-store"})
