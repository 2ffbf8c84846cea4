"""The OpenID provider of SSO_ISSUER, as django-allauth speaks to one: code flow with PKCE and state.

Stricter than django-allauth's in what it believes: the discovery document is SSO_ISSUER's own, the identity token is
verified with the issuer's keys although it came from there, and userinfo speaks of the same ``sub``.
"""

import json
from base64 import urlsafe_b64decode
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from registry.accounts.signon.accounts import PROVIDER, uid

CALLBACK = "sso_callback"
ALGORITHMS = {f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)} | {"EdDSA"}
KEPT = ("iss", "sub", "auth_time", "preferred_username", "email")
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class IssuerFailed(OAuth2Error):  # type: ignore[misc]
    """The issuer cannot be reached, or says what must not be believed; the message is for the log."""


class Conversation(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """What is asked of the issuer."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """The discovery document, once per conversation."""
        if not hasattr(self, "_openid_config"):
            self._openid_config = _discovered(self.get_provider().server_url)
        return self._openid_config

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> Any:
        """An answer without an identity token says nothing."""
        if not kwargs["response"].get("id_token"):
            raise IssuerFailed("no id_token")
        return super().complete_login(request, app, token, **kwargs)

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        if _algorithm(id_token) not in ALGORITHMS:
            raise IssuerFailed("the algorithm of the id_token")
        claims: dict[str, Any] = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=self.openid_config["jwks_uri"],
            issuer=settings.SSO_ISSUER,
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
        )
        return claims

    def _fetch_user_info(self, access_token: str) -> dict[str, Any]:
        """Optional at an issuer whose identity token says it all."""
        if "userinfo_endpoint" not in self.openid_config:
            return {}
        document: dict[str, Any] = super()._fetch_user_info(access_token)
        return document

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """The one address to register at the issuer."""
        return settings.SITE_URL + reverse(CALLBACK)


class SingleSignOn(OpenIDConnectProvider):  # type: ignore[misc]
    """The one provider that there is."""

    id = PROVIDER
    oauth2_adapter_class = Conversation

    @property
    def sub_id(self) -> str:
        """What ``SocialAccount.provider`` holds."""
        return PROVIDER

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        """Where it begins."""
        return reverse("sso_login")

    def get_callback_url(self) -> str:
        """Where it ends."""
        return reverse(CALLBACK)

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """Little is kept: who it is over there, what they are called, and when they signed in."""
        said = {**(data.get("userinfo") or {}), **data["id_token"]}
        return {name: _storable(said[name]) for name in KEPT if isinstance(said.get(name), str | int | float)}

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        """The mail address; the username is made by the adapter."""
        return {"email": address} if isinstance(address := _mail_of(data).get("email"), str) else {}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[EmailAddress]:
        """The mail address, which is verified if ``email_verified`` is true and nothing else."""
        said = _mail_of(data)
        if not isinstance(said.get("email"), str):
            return []
        return [EmailAddress(email=said["email"], verified=said.get("email_verified") is True, primary=True)]

    def extract_uid(self, data: dict[str, Any]) -> str:
        """Issuer and ``sub`` of the verified identity token; userinfo must speak of the same person."""
        claims, userinfo = data["id_token"], data.get("userinfo") or {}
        subject = claims.get("sub")
        if not isinstance(subject, str) or not subject or userinfo.get("sub", subject) != subject:
            raise IssuerFailed("no sub, or two")
        return uid(settings.SSO_ISSUER, subject)


def _algorithm(id_token: str) -> Any:
    """What the header says; django-allauth would take it as it is."""
    try:
        return json.loads(urlsafe_b64decode(f"{id_token.partition('.')[0]}==")).get("alg")
    except (ValueError, AttributeError):
        return None


def _mail_of(data: dict[str, Any]) -> dict[str, Any]:
    """The document that tells of the mail address: the same must say whether it is verified."""
    claims: dict[str, Any] = data["id_token"]
    return claims if "email" in claims else data.get("userinfo") or {}


def _storable(value: str | float) -> str | float:
    return "".join(filter(str.isprintable, value))[:255] if isinstance(value, str) else value


def configured(request: HttpRequest) -> SingleSignOn:
    """The provider of the settings. Raises SocialApp.DoesNotExist without SSO_ISSUER."""
    if not settings.SSO_ISSUER:
        raise SocialApp.DoesNotExist
    return SingleSignOn(
        request,
        app=SocialApp(
            provider=PROVIDER,
            provider_id=PROVIDER,
            name="single sign-on",
            client_id=settings.SSO_CLIENT_ID,
            secret=settings.SSO_CLIENT_SECRET,
            settings={"server_url": settings.SSO_ISSUER.rstrip("/"), "oauth_pkce_enabled": True},
        ),
    )


def _discovered(url: str) -> dict[str, Any]:
    try:
        with get_adapter().get_requests_session() as session:
            answer = session.get(url)
            answer.raise_for_status()
            document: dict[str, Any] = answer.json()
        if document["issuer"] != settings.SSO_ISSUER or not all(isinstance(document[name], str) for name in NEEDED):
            raise IssuerFailed("the discovery document is of another issuer")
    except (OSError, ValueError, KeyError, TypeError) as wrong:  # OSError: whatever requests raises
        raise IssuerFailed(f"{type(wrong).__name__}: {wrong}") from wrong
    return document
