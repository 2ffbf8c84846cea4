"""Google Cloud: whatever runs as a service account.

Claims: https://cloud.google.com/docs/authentication/token-types#id-contents (whose meaning is that of
https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload), and for virtual machines
https://cloud.google.com/compute/docs/instances/verifying-instance-identity ("Token contents").
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from publishers.errors import InvalidToken
from publishers.providers.base import Provider
from publishers.providers.claims import Claims, flag_claim, text_claim
from publishers.providers.fields import Constraint, Field, Pin, Reading


class Google(Provider):
    """A service account."""

    name = "google"
    label = "Google Cloud"
    icon = "brands/googlecloud"
    default_issuer = "https://accounts.google.com"
    # The metadata server hands out one token again and again until shortly before it expires.
    reuse = "until-expiry"
    place_label = "Service account"
    trusts = "whatever runs as the service account {email}"
    in_job = MappingProxyType({"email": "publisher@acme.iam.gserviceaccount.com"})
    known_to_id = True
    fields = (
        Field(
            "email",
            "Email",
            hint="The service account's, such as publisher@acme.iam.gserviceaccount.com.",
            pattern=r"[^@\s]+@[^@\s]+\.[^@\s]+",
            problem="Write the service account's mail address.",
            fix="let it run as the service account `{expected}`",
        ),
        Constraint(
            "sub",
            "Subject",
            hint="The service account's unique id. Left empty, it is recorded at the first use.",
            pattern=r"[0-9]+",
            problem="A unique id has digits only.",
            clause="whose id is {value}",
        ),
    )
    # "Unique among all Google accounts and never reused".
    pins = (Pin("sub", "Subject"),)

    def read(self, claims: Claims) -> Reading:
        """The address counts only if Google says that it is the account's."""
        email = text_claim(claims, "email")
        if not flag_claim(claims, "email_verified"):
            raise InvalidToken(f"The claim `email_verified` is false: Google does not vouch for {email}.")
        return {"email": email, "sub": text_claim(claims, "sub")}

    def attester(self, values: Mapping[str, Any], claims: Claims) -> dict[str, str | None] | None:
        """The service account's address."""
        return {"kind": "Google", "email": str(values["email"])} if self.issuer_url == self.default_issuer else None
