"""The certificate authority (Fulcio) and the log of its certificates, and certificates as it issues them.

What stands in a certificate: https://github.com/sigstore/fulcio/blob/main/docs/certificate-specification.md and
docs/oid-info.md beside it. Signed certificate timestamps: RFC 6962, section 3.
"""

import datetime
import struct
from collections.abc import Mapping

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.sigstore import der

FULCIO = "1.3.6.1.4.1.57264.1."
TIMESTAMPS = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
PRECERTIFICATE = 1


def public(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A public key as DER."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def new_key() -> ec.EllipticCurvePrivateKey:
    """A key as all of Sigstore's are."""
    return ec.generate_private_key(ec.SECP256R1())


def log_id(key: ec.EllipticCurvePrivateKey) -> bytes:
    """What a log is called: the digest of its public key."""
    return der.sha256(public(key))


def sign(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    """An ECDSA signature."""
    return key.sign(data, ec.ECDSA(hashes.SHA256()))


class Authority:
    """Issues certificates for ten minutes, and says in them that they are logged."""

    def __init__(self) -> None:
        self.key, self.log_key = new_key(), new_key()
        self.began = datetime.datetime.now(datetime.UTC).replace(microsecond=0) - datetime.timedelta(days=1)
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a Sigstore of the tests")])
        self.certificate = self._root()

    def issue(
        self,
        key: ec.EllipticCurvePublicKey | object,
        identity: str,
        claims: Mapping[str, str],
        began: datetime.datetime | None = None,
    ) -> x509.Certificate:
        """A certificate for ``identity`` (a URI, or a mail address), with Fulcio's extensions by their numbers."""
        began = began or datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        unlogged = self._leaf(key, identity, claims, began)
        timestamp = self._timestamp(unlogged.sign(self.key, hashes.SHA256()), began)
        logged = unlogged.add_extension(x509.UnrecognizedExtension(TIMESTAMPS, der.octets(timestamp)), critical=False)
        return logged.sign(self.key, hashes.SHA256())

    def _root(self) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(self.name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.began)
            .not_valid_after(self.began + datetime.timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(key_cert_sign=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
        )
        return builder.sign(self.key, hashes.SHA256())

    def _leaf(
        self, key: object, identity: str, claims: Mapping[str, str], began: datetime.datetime
    ) -> x509.CertificateBuilder:
        name = x509.RFC822Name(identity) if "://" not in identity else x509.UniformResourceIdentifier(identity)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.name)
            .public_key(key)  # type: ignore[arg-type]
            .serial_number(x509.random_serial_number())
            .not_valid_before(began)
            .not_valid_after(began + datetime.timedelta(minutes=10))
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(identifier, critical=False)
            .add_extension(x509.SubjectAlternativeName([name]), critical=True)
        )
        for number, value in claims.items():
            oid = x509.ObjectIdentifier(FULCIO + number)
            # The first ones are older than the rule that they are DER.
            written = der.text(value) if int(number) > 7 else value.encode()
            builder = builder.add_extension(x509.UnrecognizedExtension(oid, written), critical=False)
        return builder

    def _timestamp(self, precertificate: x509.Certificate, when: datetime.datetime) -> bytes:
        """The list of the one timestamp by which the log promises to have the certificate."""
        head = struct.pack("!BQ", 0, int(when.timestamp() * 1000))
        body = precertificate.tbs_certificate_bytes
        entry = struct.pack("!H", PRECERTIFICATE) + log_id(self.key) + len(body).to_bytes(3, "big") + body
        signed = head[:1] + b"\0" + head[1:] + entry + b"\0\0"
        signature = sign(self.log_key, signed)
        # SHA-256 and ECDSA, as TLS numbers them.
        one = (
            head[:1]
            + log_id(self.log_key)
            + head[1:]
            + b"\0\0"
            + b"\4\3"
            + struct.pack("!H", len(signature))
            + signature
        )
        return struct.pack("!HH", len(one) + 2, len(one)) + one


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=key_cert_sign,
        encipher_only=False,
        decipher_only=False,
    )
