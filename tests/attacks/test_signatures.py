"""Spellings and near misses of signatures, in the spirit of Project Wycheproof: none is taken for another's, or twice.

The vectors are made here, with the private keys of keys that the registry trusts, so that each differs from a good
signature in one respect only.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from demo.signing import SigningKey, encoded
from publishers import jwk, keys
from publishers.jwk import BadKey
from tests.attacks.forging import PAYLOAD, Attack, Make, Target, decoded, post, signing_input
from tokens.models import UploadToken

# -- spellings of a token ------------------------------------------------------------------------------------------

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def respelt(number: int, change: Callable[[str], str]) -> Make:
    """A granted token of which one segment (0: header) is written otherwise; RS256 leaves four bits at its end."""

    def make(target: Target) -> str:
        segments = target.token().split(".")
        segments[number] = change(segments[number])
        return ".".join(segments)

    return make


def with_dots(dot: str) -> Make:
    """A granted token, joined by something else."""
    return lambda target: target.token().replace(".", dot)


def next_letter(segment: str) -> str:
    """The same octets, with the bits that follow them set."""
    return segment[:-1] + ALPHABET[ALPHABET.index(segment[-1]) + 1]


def plain(segment: str) -> str:
    """In the alphabet of plain base64, and different from base64url."""
    return (segment[:-2] + "-_").replace("-", "+").replace("_", "/")


SPELLINGS = [
    *(
        Attack(f"{what} in the {where}", respelt(number, change), PAYLOAD)
        for number, where in enumerate(("header", "payload", "signature"))
        for what, change in {
            "padding": lambda segment: segment + "=" * (-len(segment) % 4 or 4),
            "one '='": lambda segment: segment + "=",
            "plain base64": plain,
            "a space": lambda segment: f"{segment[:5]} {segment[5:]}",
            "a line break": lambda segment: f"{segment[:5]}\n{segment[5:]}",
            "a carriage return": lambda segment: f"{segment}\r",
            "a tab": lambda segment: f"\t{segment}",
            "a NUL": lambda segment: f"{segment}\x00",
            "a zero-width space": lambda segment: f"{segment[:5]}\u200b{segment[5:]}",
            "a full-width letter": lambda segment: f"\uff41{segment[1:]}",
            "a percent escape": lambda segment: f"%{ord(segment[0]):02X}{segment[1:]}",
            "nothing": lambda _segment: "",
        }.items()
        if not (where == "signature" and what == "nothing")
    ),
    Attack("leftover bits in the signature", respelt(2, next_letter), PAYLOAD),
    *(
        Attack(f"dots that are {name}", with_dots(dot), PAYLOAD)
        for name, dot in {
            "leaders": "\u2024",
            "full-width": "\uff0e",
            "ideographic": "\u3002",
            "middle": "\u00b7",
            "doubled": "..",
            "commas": ",",
            "escaped": "%2E",
        }.items()
    ),
    Attack("a space before", lambda target: f" {target.token()}", PAYLOAD),
    Attack("a line break behind", lambda target: f"{target.token()}\n", PAYLOAD),
    Attack("a byte order mark before", lambda target: f"\ufeff{target.token()}", PAYLOAD),
    Attack("quotes around", lambda target: f'"{target.token()}"', PAYLOAD),
    Attack("a dot behind", lambda target: f"{target.token()}.", PAYLOAD),
    Attack("a dot before", lambda target: f".{target.token()}", PAYLOAD),
    Attack("a fourth segment", lambda target: f"{target.token()}.AAAA", PAYLOAD),
    Attack("two tokens", lambda target: f"{target.token()},{target.token()}", PAYLOAD),
    Attack("header and payload swapped", lambda target: "{1}.{0}.{2}".format(*target.token().split(".")), PAYLOAD),
    Attack("the payload twice", lambda target: "{0}.{1}.{1}".format(*target.token().split("."))),
    Attack("upside down", lambda target: ".".join(reversed(target.token().split("."))), PAYLOAD),
    Attack("no signature and no dot", lambda target: target.token().rpartition(".")[0], PAYLOAD),
    Attack("no signature", lambda target: target.token().rpartition(".")[0] + "."),
    Attack("half a signature", respelt(2, lambda segment: encoded(decoded(segment)[:128]))),
    Attack("half a payload", lambda target: "{}.{:.400}.{}".format(*target.token().split(".")), PAYLOAD),
    Attack("another token's signature", respelt(2, lambda _segment: encoded(b"\1" * 256))),
    Attack("65 KiB of signature", lambda target: target.token() + "A" * 62_000),
]  # fmt: skip


@pytest.mark.parametrize("case", SPELLINGS, ids=str)
def test_a_token_has_one_spelling(case, target, attack):
    assert attack(case.make(target)).code == case.code


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


def allow(target: Target, key: SigningKey, algorithm: str) -> None:
    """Let the issuer sign so, with a key that is not bound to one algorithm."""
    row = target.issuer
    row.algorithms = [algorithm]
    row.save(update_fields=["algorithms"])
    keys.paste(row, {"keys": [key.jwk(alg=None)]})


def granted(token: str) -> bool:
    return post("/_/oidc/mint-token", json.dumps({"token": token}).encode())[0] == 200


# -- elliptic curves -----------------------------------------------------------------------------------------------

CURVE_KEYS = {name: SigningKey.new(name) for name in ("ES256", "ES384", "ES512")}
ORDERS = {
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ES384": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    "ES512": 2**521 - 0x5AE79787C40D069948033FEB708F65A2FC44A36477663B851449048E16EC79BF7,
}
SIZES = {"ES256": 32, "ES384": 48, "ES512": 66}


def always(signature: bytes) -> Callable[..., bytes]:
    """Whatever the right one is."""
    return lambda *_right: signature


def curve_token(target: Target, algorithm: str, change: Callable[[int, int, int], bytes]) -> str:
    """A token with ``change(r, s, size)`` instead of the right pair."""
    key, size = CURVE_KEYS[algorithm], SIZES[algorithm]
    text = signing_input(target.header(alg=algorithm, kid=key.key_id), target.payload())
    signature = key.signature(text.encode(), algorithm)
    r, s = int.from_bytes(signature[:size]), int.from_bytes(signature[size:])
    return f"{text}.{encoded(change(r, s, size))}"


@pytest.mark.parametrize("algorithm", CURVE_KEYS)
def test_no_special_pair_is_a_signature(target, attack, algorithm):
    allow(target, CURVE_KEYS[algorithm], algorithm)
    order, top = ORDERS[algorithm], 256 ** SIZES[algorithm] - 1
    special = [0, 1, 2, order - 1, order, order + 1, order // 2, top]
    for r in special:
        for s in special:
            pair = r.to_bytes(SIZES[algorithm]) + s.to_bytes(SIZES[algorithm])
            token = curve_token(target, algorithm, always(pair))
            assert "signature" in attack(token).description, (r, s)


TWISTS: dict[str, Callable[[int, int, int], bytes]] = {
    "swapped": lambda r, s, size: s.to_bytes(size) + r.to_bytes(size),
    "r alone": lambda r, _s, size: r.to_bytes(size),
    "r twice": lambda r, _s, size: r.to_bytes(size) * 2,
    "little end first": lambda r, s, size: r.to_bytes(size, "little") + s.to_bytes(size, "little"),
    "DER": lambda r, s, _size: encode_dss_signature(r, s),
    "a zero before each": lambda r, s, size: r.to_bytes(size + 1) + s.to_bytes(size + 1),
    "a zero before": lambda r, s, size: b"\0" + r.to_bytes(size) + s.to_bytes(size),
    "a zero behind": lambda r, s, size: r.to_bytes(size) + s.to_bytes(size) + b"\0",
    "an octet less": lambda r, s, size: r.to_bytes(size) + s.to_bytes(size)[:-1],
    "r and the order": lambda r, s, size: (r + ORDERS["ES256"]).to_bytes(size + 1) + s.to_bytes(size + 1),
    "s and the order": lambda r, s, size: r.to_bytes(size + 1) + (s + ORDERS["ES256"]).to_bytes(size + 1),
    "the order less r": lambda r, s, size: (ORDERS["ES256"] - r).to_bytes(size) + s.to_bytes(size),
    "nothing": lambda _r, _s, _size: b"",
}


@pytest.mark.parametrize("twist", TWISTS.values(), ids=TWISTS)
def test_a_twisted_pair_is_no_signature(target, attack, twist):
    allow(target, CURVE_KEYS["ES256"], "ES256")
    assert "signature" in attack(curve_token(target, "ES256", twist)).description


@pytest.mark.parametrize("changes", [{}, {"jti": None}], ids=["with a jti", "without a jti"])
def test_the_other_signature_that_every_pair_has_makes_no_second_token(target, attack, changes):
    """(r, order - s) verifies as well; RFC 7518 does not forbid it, so it must be the same identity token."""
    allow(target, CURVE_KEYS["ES256"], "ES256")
    text = signing_input(target.header(alg="ES256", kid=CURVE_KEYS["ES256"].key_id), target.payload(**changes))
    signature = CURVE_KEYS["ES256"].signature(text.encode(), "ES256")
    other = signature[:32] + (ORDERS["ES256"] - int.from_bytes(signature[32:])).to_bytes(32)
    assert granted(f"{text}.{encoded(other)}")
    status, answer = post("/_/oidc/mint-token", json.dumps({"token": f"{text}.{encoded(signature)}"}).encode())
    assert (status, answer["errors"][0]["code"]) == (422, "invalid-reuse-token")
    assert UploadToken.objects.count() == 1


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512"])
def test_a_curve_has_its_own_function(target, attack, algorithm):
    """The right curve with the digest of another of the three."""
    allow(target, CURVE_KEYS[algorithm], algorithm)
    wrong = {"ES256": hashes.SHA512(), "ES384": hashes.SHA256(), "ES512": hashes.SHA384()}[algorithm]
    key = CURVE_KEYS[algorithm]
    text = signing_input(target.header(alg=algorithm, kid=key.key_id), target.payload())
    assert isinstance(key.private, ec.EllipticCurvePrivateKey)
    r, s = decode_dss_signature(key.private.sign(text.encode(), ec.ECDSA(wrong)))
    size = SIZES[algorithm]
    assert "signature" in attack(f"{text}.{encoded(r.to_bytes(size) + s.to_bytes(size))}").description


# -- Ed25519 -------------------------------------------------------------------------------------------------------

FIELD = 2**255 - 19
GROUP = 2**252 + 27742317777372353535851937790883648493
ED = SigningKey.new("EdDSA")
# The points whose multiple by eight is nothing, as RFC 8032 writes them: y with the sign of x in the highest bit.
TORSION_Y = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
SMALL_ORDER = [
    (y + sign).to_bytes(32, "little")
    for y in (0, 1, FIELD - 1, TORSION_Y, FIELD - TORSION_Y, FIELD, FIELD + 1)
    for sign in (0, 2**255)
]


def ed_token(target: Target, change: Callable[[bytes], bytes]) -> str:
    allow(target, ED, "EdDSA")
    text = signing_input(target.header(alg="EdDSA", kid=ED.key_id), target.payload())
    return f"{text}.{encoded(change(ED.signature(text.encode(), 'EdDSA')))}"


ED_CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "zeros": lambda _signature: bytes(64),
    "S is zero": lambda signature: signature[:32] + bytes(32),
    "R is zero": lambda signature: bytes(32) + signature[32:],
    "S and the order": lambda signature: (
        signature[:32] + (int.from_bytes(signature[32:], "little") + GROUP).to_bytes(32, "little")
    ),
    "the order less S": lambda signature: (
        signature[:32] + (GROUP - int.from_bytes(signature[32:], "little")).to_bytes(32, "little")
    ),
    "S is the order": lambda signature: signature[:32] + GROUP.to_bytes(32, "little"),
    "another sign of R": lambda signature: signature[:31] + bytes([signature[31] ^ 0x80]) + signature[32:],
    "a zero behind": lambda signature: signature + b"\0",
    "an octet less": lambda signature: signature[:-1],
    "swapped": lambda signature: signature[32:] + signature[:32],
    "the public key before": lambda signature: decoded(ED.jwk()["x"]) + signature[32:],
}


@pytest.mark.parametrize("change", ED_CHANGES.values(), ids=ED_CHANGES)
def test_another_pair_is_no_ed25519_signature(target, attack, change):
    assert "signature" in attack(ed_token(target, change)).description
    assert granted(ed_token(target, bytes))


@pytest.mark.parametrize("point", SMALL_ORDER, ids=[point.hex() for point in SMALL_ORDER])
def test_a_point_of_small_order_makes_no_signature(target, attack, point):
    for s in (bytes(32), b"\1" + bytes(31)):
        assert "signature" in attack(ed_token(target, always(point + s))).description


@pytest.mark.parametrize("point", SMALL_ORDER, ids=[point.hex() for point in SMALL_ORDER])
def test_a_key_by_which_everybody_signs_is_not_kept(point):
    """With a public key of small order, the sign of one text is that of many: nobody need have the private part."""
    with pytest.raises(BadKey):
        jwk.clean({"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": encoded(point)})


def test_the_small_points_are_what_they_are_said_to_be():
    """Somebody who has no private key signs under at least one of them: the check above is about something."""
    public = ed25519.Ed25519PublicKey.from_public_bytes((1).to_bytes(32, "little"))
    public.verify((1).to_bytes(32, "little") + bytes(32), b"any text")
    assert len({*SMALL_ORDER}) == 14
