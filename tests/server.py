"""The production server as a process, over HTTPS, on the test database."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import trustme
from django.db import connection

from tests.environment import FOLDER

ROOT = Path(__file__).resolve().parent.parent
# Migrating, collecting static files and booting, on a machine that runs other tests at the same time.
START_SECONDS = 60


class Certificate:
    """A certificate for localhost, 127.0.0.1 and ::1, and the authority that signed it, as PEM files."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.ca_file, self.cert_file, self.key_file = (
            folder / "ca.pem",
            folder / "cert.pem",
            folder / "key.pem",
        )
        authority = trustme.CA()
        issued = authority.issue_cert("localhost", "127.0.0.1", "::1")
        authority.cert_pem.write_to_path(self.ca_file)
        issued.private_key_pem.write_to_path(self.key_file)
        for number, blob in enumerate(issued.cert_chain_pems):
            blob.write_to_path(self.cert_file, append=number > 0)


class RegistryServer:
    """``python -m registry.serve`` with the test run's settings and ``changes`` to them.

    ``url`` is its SITE_URL, ``audience`` its OIDC_AUDIENCE, ``ca_file`` what clients must trust,
    ``log_path`` what it printed.
    """

    def __init__(self, certificate: Certificate, changes: Mapping[str, str]) -> None:
        self.certificate = certificate
        self.ca_file = str(certificate.ca_file)
        self.changes = dict(changes)
        self.process: subprocess.Popen[bytes] | None = None
        self._seen = 0

    @property
    def url(self) -> str:
        """The public address, without a trailing slash."""
        return f"https://localhost:{self.port}"

    @property
    def audience(self) -> str:
        """What identity tokens for it must carry."""
        return f"localhost:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What the process is started with."""
        return {
            **os.environ,
            "DATABASE_URL": database_url_of_the_tests(),
            "SITE_URL": self.url,
            "OIDC_AUDIENCE": self.audience,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "WORKERS": "2",
            "TLS_CERT": str(self.certificate.cert_file),
            "TLS_KEY": str(self.certificate.key_file),
            "PYTHONUNBUFFERED": "1",
            **self.changes,
        }

    def start(self) -> "RegistryServer":
        """Start on a free port and wait until it answers."""
        self.on_a_free_port()
        self._spawn()
        return self

    def on_a_free_port(self) -> "RegistryServer":
        """Choose a port, and start nothing yet."""
        self.port = free_port()
        self.log_path = FOLDER / f"server-{self.port}.log"
        return self

    def restart(self) -> None:
        """Stop it if it runs, and start it again on the same port."""
        self.stop()
        self._spawn()

    def stop(self) -> int:
        """Ask it to stop (SIGTERM), wait, and give its exit status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self._ended(self.process)

    def kill(self, number: int = signal.SIGKILL) -> int:
        """Send a signal to it and all its workers at the same moment, wait, and give its exit status."""
        assert self.process is not None
        os.killpg(self.process.pid, number)
        return self._ended(self.process)

    @property
    def pid(self) -> int:
        """The number of the process that started the workers."""
        assert self.process is not None
        return self.process.pid

    def log(self) -> str:
        """What it printed so far."""
        return self.log_path.read_text(errors="replace")

    def mark(self) -> None:
        """From here on ``news`` counts."""
        self._seen = self.log_path.stat().st_size

    def news(self) -> str:
        """What it printed since ``mark``."""
        return self.log_path.read_bytes()[self._seen :].decode(errors="replace")

    def connection(self, seconds: float = START_SECONDS) -> HTTPConnection:
        """A new connection to it, as http.client makes them; nothing is sent yet."""
        if not self.environment["TLS_CERT"]:
            return HTTPConnection("localhost", self.port, timeout=seconds)
        trusting = ssl.create_default_context(cafile=self.ca_file)
        return HTTPSConnection("localhost", self.port, timeout=seconds, context=trusting)

    def _spawn(self) -> None:
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "registry.serve"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_until_it_answers(self.process)

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if self._answers():
                return
            time.sleep(0.05)
        if process.poll() is None:
            self.kill()
        raise RuntimeError(f"the server did not start:\n{self.log()}")

    def _answers(self) -> bool:
        asked = self.connection()
        try:
            asked.request("GET", "/healthz")
            asked.getresponse().read()
        except (OSError, HTTPException):
            return False
        finally:
            asked.close()
        return True

    def _ended(self, process: subprocess.Popen[bytes]) -> int:
        try:
            return process.wait(timeout=90)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        finally:
            self.process = None


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def database_url_of_the_tests() -> str:
    """DATABASE_URL of the database that the tests of this process use, once ``django_db_setup`` made it."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path=f"/{name}"))
