"""The exchange's endpoints. No session, no CSRF, no authentication: the token in the body is what counts."""

import logging
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost, SuspiciousOperation
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from publishers.errors import (
    Busy,
    Disabled,
    InvalidPayload,
    LengthRequired,
    Malformed,
    NotAcceptable,
    NotAllowedMethod,
    Refused,
    TooLarge,
)
from registry import strictjson
from registry.actors import Actor
from tokens import limits, metrics, negotiation, serializers
from tokens.burning import burn
from tokens.checking import check
from tokens.exchange import Wanted, exchange
from tokens.redemption import Client

MAX_BODY = 64 * 1024
UPLOAD_PATH = "/legacy/"

logger = logging.getLogger(__name__)


@method_decorator(csrf_exempt, name="dispatch")
class ExchangeView(View):
    """An endpoint that answers JSON whatever comes, and translates a refusal once, here."""

    http_method_names = ["get", "head", "post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer in the type that the client accepts, never to be stored."""
        media = negotiation.chosen(request.headers.get("Accept"))
        try:
            if media is None:
                raise NotAcceptable(f"This endpoint answers {negotiation.PYTP} and {negotiation.JSON}.")
            response = super().dispatch(request, *args, **kwargs)
            assert isinstance(response, HttpResponse)
            response["Content-Type"] = media
        except (Refused, SuspiciousOperation, OperationalError) as failure:
            return self.refuse(request, failure)
        response["Cache-Control"] = "no-store"
        return response

    def refuse(self, request: HttpRequest, failure: Exception) -> HttpResponse:
        """Say what went wrong, here or on the way here (``registry.pages.errors.bad_request``)."""
        refusal = _as_refusal(failure)
        self.note(refusal)
        media = negotiation.chosen(request.headers.get("Accept"))
        response = _refused(refusal, problem=media != negotiation.JSON)
        response["Cache-Control"] = "no-store"
        return response

    def note(self, refusal: Refused) -> None:
        """Hear of a refusal."""

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """405, as JSON, with Allow."""
        allowed = [method.upper() for method in self.http_method_names if hasattr(self, method)]
        refusal = NotAllowedMethod(f"Use {' or '.join(allowed)} here.")
        refusal.headers = {"Allow": ", ".join(allowed)}
        raise refusal


class Audience(ExchangeView):
    """``GET /_/oidc/audience``."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The audience that identity tokens must carry."""
        _check_enabled()
        return JsonResponse({"audience": settings.OIDC_AUDIENCE})


class MintToken(ExchangeView):
    """``POST /_/oidc/mint-token``."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Exchange an identity token for an upload token."""
        _check_enabled()
        client = _client(request)
        token, wanted = _asked(request, client)
        granted = exchange(token, wanted, client)
        metrics.granted(granted)
        return JsonResponse(serializers.grant_out(granted))

    def note(self, refusal: Refused) -> None:
        """Count it."""
        metrics.refused(refusal)


class Check(ExchangeView):
    """``POST /_/oidc/check``."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Say what mint-token would do with the same body, and do nothing."""
        _check_enabled()
        client = _client(request)
        token, wanted = _asked(request, client)
        return JsonResponse(serializers.check_out(check(token, wanted, client)))


class BurnToken(ExchangeView):
    """``POST /_/oidc/burn-token``. Works also while trusted publishing is off."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Kill an upload token; the answer does not say whether it lived."""
        burn(
            serializers.token_in(_payload(request)),
            Actor("holder of the token", address=_client(request).address),
        )
        return JsonResponse({"message": "Accepted"}, status=202)


class Discovery(ExchangeView):
    """``GET /.well-known/pytp?discover=…`` (PEP 807)."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Where trusted publishing for an upload path happens."""
        if request.GET.get("discover") != UPLOAD_PATH or not settings.OIDC_ENABLED:
            raise NoSuchUpload("This registry has no trusted publishing for that path.")
        return JsonResponse(
            {
                "audience-endpoint": f"{settings.SITE_URL}/_/oidc/audience",
                "token-mint-endpoint": f"{settings.SITE_URL}/_/oidc/mint-token",
                "features": list(serializers.FEATURES),
                "default-features": [serializers.MULTI_USE],
            }
        )


class NoSuchUpload(Refused):
    """Trusted publishing does not exist for the path that was asked about."""

    code = "not-found"
    status = 404
    message = "Not found"


def _check_enabled() -> None:
    if not settings.OIDC_ENABLED:
        raise Disabled("Trusted publishing is switched off in this registry.")


def _asked(request: HttpRequest, client: Client) -> tuple[str, Wanted]:
    """The identity token and what is wanted for it. Raises InvalidPayload, or RateLimited in its place."""
    with limits.of_address(client.address):
        payload = _payload(request)
        return serializers.token_in(payload), serializers.wanted_in(payload)


def _payload(request: HttpRequest) -> Any:
    """The body as JSON, whatever its Content-Type says."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length.isascii() or not length.isdigit():
        raise LengthRequired("The request must have a Content-Length.")
    if len(length) > 15 or int(length) > MAX_BODY:
        raise TooLarge(f"The request body is larger than {MAX_BODY} bytes.")
    try:
        return strictjson.parse(request.read(MAX_BODY))
    except UnreadablePostError:
        raise InvalidPayload("The request ended before its body was complete.") from None
    except strictjson.NotStrict as wrong:
        raise InvalidPayload(f"The request body is not valid JSON: {wrong}") from None


def _client(request: HttpRequest) -> Client:
    agent = request.META.get("HTTP_USER_AGENT", "")
    printable = "".join(letter for letter in agent if letter.isprintable())
    return Client(request.META.get("REMOTE_ADDR") or None, printable[:300])


def _as_refusal(failure: Exception) -> Refused:
    """What went wrong below, as a machine can read it."""
    if isinstance(failure, Refused):
        return failure
    if isinstance(failure, OperationalError):
        logger.error("The database cannot be had for an exchange", exc_info=failure)
        return Busy("The registry is busy; try again in a few seconds.")
    if isinstance(failure, DisallowedHost):
        return Malformed("The request names a host that is not this registry's.")
    return Malformed("The request is not one that this endpoint reads.")


def _refused(refusal: Refused, *, problem: bool) -> HttpResponse:
    response = JsonResponse(serializers.refusal_out(refusal, problem=problem), status=refusal.status)
    response["Content-Type"] = negotiation.PROBLEM if problem else negotiation.JSON
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    for name, value in refusal.headers.items():
        response[name] = value
    return response
