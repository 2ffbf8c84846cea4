"""HOST, PORT, WORKERS, THREADS, TLS_CERT and TLS_KEY: what the server itself is told."""

import errno
import socket
import ssl
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from registry import env


@dataclass(frozen=True)
class Options:
    """Where and how the server listens. ``tls_cert`` and ``tls_key`` are PEM files; without them it is HTTP."""

    host: str
    port: int
    workers: int
    threads: int
    tls_cert: str
    tls_key: str

    @classmethod
    def read(cls) -> "Options":
        """From the environment and ``.env``. Raises ImproperlyConfigured, which names the setting."""
        options = cls(
            host=env.matching("HOST", "127.0.0.1", r"[0-9A-Za-z.:_-]{1,253}", "an address to listen at"),
            port=env.whole("PORT", 8443, 1, 65535),
            workers=env.whole("WORKERS", 2, 1, 256),
            threads=settings.THREADS,
            tls_cert=env.env.str("TLS_CERT", default="").strip(),
            tls_key=env.env.str("TLS_KEY", default="").strip(),
        )
        if options.tls_key and not options.tls_cert:
            raise ImproperlyConfigured("TLS_KEY is set, TLS_CERT is not")
        if options.tls_cert:
            _ = options.tls
        return options

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """One context for all connections of all workers, so that sessions can be resumed at any of them."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        _readable("TLS_CERT", self.tls_cert)
        if self.tls_key:
            _readable("TLS_KEY", self.tls_key)
        try:
            # An encrypted key would ask at the terminal; this password makes it fail instead.
            context.load_cert_chain(self.tls_cert, self.tls_key or None, password=lambda: "-")
        except (OSError, ValueError) as wrong:
            raise ImproperlyConfigured(
                "TLS_CERT and TLS_KEY must be PEM files: a certificate chain and its unencrypted key"
            ) from wrong
        return context

    def bind(self) -> socket.socket:
        """A socket bound to HOST and PORT. Raises ImproperlyConfigured when it cannot be had."""
        try:
            family, _, _, _, address = socket.getaddrinfo(
                self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
        except OSError as wrong:
            raise ImproperlyConfigured(f"HOST must be an address of this machine, not {self.host}") from wrong
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind(address)
        except OSError as wrong:
            bound.close()
            raise ImproperlyConfigured(f"{self._to_blame(wrong)}: {wrong.strerror}") from wrong
        return bound

    def _to_blame(self, wrong: OSError) -> str:
        if wrong.errno == errno.EADDRNOTAVAIL:
            return f"HOST {self.host}"
        return f"PORT {self.port} at {self.host}"


def _readable(name: str, path: str) -> None:
    try:
        with open(path, "rb"):  # noqa: PTH123  Path.open says the same
            pass
    except (OSError, ValueError) as wrong:
        reason = wrong.strerror if isinstance(wrong, OSError) else "not a file name"
        raise ImproperlyConfigured(f"{name} must be a readable file: {path}: {reason}") from wrong
