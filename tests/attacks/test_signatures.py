"""Near misses of RSA signatures: paddings, numbers, salts that are not the right ones.

The vectors are made here, in the spirit of Project Wycheproof's and with the private keys of keys that the registry
trusts, so that each differs from a good signature in one respect only.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from demo.signing import SigningKey, encoded
from tests.attacks.forging import Target, allow, decoded, granted, post, signing_input

# -- RSA -----------------------------------------------------------------------------------------------------------

# RFC 8017 section 9.2, notes: DigestInfo of SHA-256 up to the digest itself.
SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
SHA256_WITHOUT_NULL = bytes.fromhex("302f300b06096086480165030402010420")
SHA256_LONG_LENGTH = bytes.fromhex("308131300d060960864801650304020105000420")
SHA1 = bytes.fromhex("3021300906052b0e03021a05000414")
SHA512 = bytes.fromhex("3051300d060960864801650304020305000440")


def encoded_message(info: bytes, digest: bytes, *, first: bytes = b"\0\1", fill: bytes = b"\xff") -> bytes:
    """PKCS #1 v1.5's encoding of a digest in 256 octets, or a mistake for it."""
    behind = b"\0" + info + digest
    return first + fill * (256 - len(first) - len(behind)) + behind


def raw_rsa(key: SigningKey, message: bytes) -> bytes:
    """The private operation on any number: what makes a signature of a padding, right or wrong."""
    assert isinstance(key.private, rsa.RSAPrivateKey)
    numbers = key.private.private_numbers()
    signature: int = pow(int.from_bytes(message), numbers.d, numbers.public_numbers.n)
    return signature.to_bytes(256)


def modulus(key: SigningKey) -> int:
    return int.from_bytes(decoded(key.jwk()["n"]))


def sha256(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()


PADDINGS: dict[str, Callable[[bytes], bytes]] = {
    "block type 0": lambda text: encoded_message(SHA256, sha256(text), first=b"\0\0"),
    "block type 2": lambda text: encoded_message(SHA256, sha256(text), first=b"\0\2"),
    "a padding of zeros": lambda text: encoded_message(SHA256, sha256(text), fill=b"\0"),
    "a padding of 0xfe": lambda text: encoded_message(SHA256, sha256(text), fill=b"\xfe"),
    "no NULL": lambda text: encoded_message(SHA256_WITHOUT_NULL, sha256(text)),
    "a length in its long form": lambda text: encoded_message(SHA256_LONG_LENGTH, sha256(text)),
    "no DigestInfo": lambda text: encoded_message(b"", sha256(text)),
    "SHA-1": lambda text: encoded_message(SHA1, hashlib.sha1(text).digest()),
    "SHA-1's name with SHA-256's digest": lambda text: encoded_message(SHA1, sha256(text)[:20]),
    "SHA-512": lambda text: encoded_message(SHA512, hashlib.sha512(text).digest()),
    "half a digest": lambda text: encoded_message(SHA256, sha256(text)[:16]),
    "the digest of the digest": lambda text: encoded_message(SHA256, sha256(sha256(text))),
    "the digest of another text": lambda text: encoded_message(SHA256, sha256(text + b" ")),
    "rubbish behind the digest": lambda text: b"\0\1" + b"\xff" * 8 + b"\0" + SHA256 + sha256(text) + b"\xaa" * 194,
    "rubbish in the parameters": lambda text: (
        b"\0\1" + b"\xff" * 8 + b"\0" + SHA256[:17] + b"\x82\x00\x80" + b"\xaa" * 128 + b"\x04\x20" + sha256(text)
    ).ljust(256, b"\0"),
}  # fmt: skip
NUMBERS: dict[str, Callable[[int, int], int]] = {
    "zero": lambda _signature, _n: 0,
    "one": lambda _signature, _n: 1,
    "the modulus": lambda _signature, n: n,
    "the modulus less one": lambda _signature, n: n - 1,
    "the modulus and one": lambda _signature, n: n + 1,
    "the modulus less the signature": lambda signature, n: n - signature,
    "the signature and the modulus": lambda signature, n: signature + n,
    "the signature and twice the modulus": lambda signature, n: signature + 2 * n,
}


def rsa_signed(target: Target, sign: Callable[[bytes], bytes]) -> str:
    """An honest header and payload with a signature of the case's own."""
    text = signing_input(target.header(), target.payload())
    return f"{text}.{encoded(sign(text.encode()))}"


@pytest.mark.parametrize("message", PADDINGS.values(), ids=PADDINGS)
def test_a_padding_that_is_not_pkcs_1_is_no_signature(target, attack, message):
    token = rsa_signed(target, lambda text: raw_rsa(target.local.key, message(text)))
    assert "signature" in attack(token).description


def test_the_padding_that_all_these_spoil_is_one(target):
    token = rsa_signed(target, lambda text: raw_rsa(target.local.key, encoded_message(SHA256, sha256(text))))
    assert post("/_/oidc/mint-token", json.dumps({"token": token}).encode())[0] == 200


@pytest.mark.parametrize("change", NUMBERS.values(), ids=NUMBERS)
def test_another_number_is_no_signature(target, attack, change):
    def sign(text: bytes) -> bytes:
        right = int.from_bytes(target.local.key.signature(text, "RS256"))
        number: int = change(right, modulus(target.local.key))
        return number.to_bytes(256 if number < 2**2048 else 257)

    assert "signature" in attack(rsa_signed(target, sign)).description


@pytest.mark.parametrize(
    "change",
    [
        lambda signature: b"\0" + signature,
        lambda signature: signature + b"\0",
        lambda signature: signature[:-1],
        lambda signature: signature[1:],
        lambda signature: signature[::-1],
        lambda signature: signature + signature,
        lambda signature: bytes(octet ^ 0xFF for octet in signature),
    ],
)
def test_a_signature_has_the_length_of_the_modulus(target, attack, change):
    token = rsa_signed(target, lambda text: change(target.local.key.signature(text, "RS256")))
    assert "signature" in attack(token).description


PSS: dict[str, tuple[Any, Any, bytes]] = {
    "no salt": (0, hashes.SHA256(), b""),
    "a salt of the greatest length": (padding.PSS.MAX_LENGTH, hashes.SHA256(), b""),
    "another function in the mask": (32, hashes.SHA1(), b""),
    "another text": (32, hashes.SHA256(), b" "),
}


@pytest.mark.parametrize(("salt", "mask", "more"), PSS.values(), ids=PSS)
def test_a_pss_signature_is_as_rfc_7518_says(target, attack, salt, mask, more):
    allow(target, target.local.key, "PS256")
    text = signing_input(target.header(alg="PS256"), target.payload()).encode()
    scheme = padding.PSS(padding.MGF1(mask), salt)
    assert isinstance(target.local.key.private, rsa.RSAPrivateKey)
    signature = target.local.key.private.sign(text + more, scheme, hashes.SHA256())
    assert "signature" in attack(f"{text.decode()}.{encoded(signature)}").description
    assert granted(target.stolen(target.header(alg="PS256"), target.payload(), algorithm="PS256"))
