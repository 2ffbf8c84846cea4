"""Passkeys without a browser: what an authenticator that attests nothing would have sent."""

import os

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import WebAuthn
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from registry.models import User

FLAGS = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV | AuthenticatorData.FLAG.AT
HOST = "localhost"


def give_passkey(user: User, name: str = "key") -> Authenticator:
    """A passkey that signs in alone, as the registration stores it."""
    key = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    identifier = os.urandom(32)
    credential = AttestedCredentialData.create(b"\0" * 16, identifier, key)
    data = AuthenticatorData.create(sha256(HOST.encode()), FLAGS, 0, credential)
    client = CollectedClientData.create("webauthn.create", os.urandom(32), f"https://{HOST}")
    answer = {
        "id": websafe_encode(identifier),
        "rawId": websafe_encode(identifier),
        "type": "public-key",
        "response": {
            "clientDataJSON": websafe_encode(client),
            "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
        },
        "clientExtensionResults": {"credProps": {"rk": True}},
    }
    passkey: Authenticator = WebAuthn.add(user, name, answer).instance
    return passkey
