"""Who a request's token says it is: HTTP Basic ``__token__:TOKEN`` or ``Authorization: Bearer TOKEN``."""

import base64
import binascii
import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from registry.models import User
from tokens import secrets
from tokens.credentials import ApiTokenCredential, Credential, UploadTokenCredential
from tokens.models import ApiToken, UploadToken

USERNAME = "__token__"
# "Last used" is a date for people; it need not cost a write each time.
LAST_USED_PRECISION = datetime.timedelta(minutes=5)


class TokenAuthentication(BaseAuthentication):
    """Sets ``request.auth`` to the token's credential. The text of a token goes no further than this file."""

    def authenticate(self, request: Request) -> tuple[User | AnonymousUser, Credential] | None:
        """None without a token; AuthenticationFailed with a dead, unknown or malformed one."""
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        text = _token_in(header)
        credential = find(text) if text is not None else None
        if credential is None:
            raise AuthenticationFailed("Invalid or non-existent authentication information.")
        if isinstance(credential, ApiTokenCredential) and credential.token.user is not None:
            return credential.token.user, credential
        return AnonymousUser(), credential

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for, so that pip and uv answer it."""
        return 'Basic realm="package registry"'


@sensitive_variables("text")
def find(text: str) -> Credential | None:
    """The live credential of a token's text; None if there is none. Noise is told by its checksum, unasked."""
    kind = secrets.kind_of(text)
    if kind == secrets.UPLOAD:
        return _upload_credential(secrets.digest(text))
    return _api_credential(secrets.digest(text)) if kind == secrets.API else None


def _upload_credential(digest: str) -> UploadTokenCredential | None:
    token = UploadToken.objects.filter(digest=digest).first()
    credential = UploadTokenCredential(token) if token is not None else None
    return credential if credential is not None and credential.is_live else None


def _api_credential(digest: str) -> ApiTokenCredential | None:
    token = ApiToken.objects.select_related("user").filter(digest=digest).first()
    if token is None or not token.is_live():
        return None
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - LAST_USED_PRECISION:
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - LAST_USED_PRECISION)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    return ApiTokenCredential(token)


def _token_in(header: str) -> str | None:
    """The token's text of an Authorization header, None if it holds none."""
    scheme, _, value = header.strip().partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return None
    try:
        username, _, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return password.strip() if username == USERNAME else None
