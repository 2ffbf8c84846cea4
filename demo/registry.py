"""The registry that the demo starts: its folder, its certificate, its settings, its process."""

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import trustme

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60
STOP_SECONDS = 40


class Registry:
    """A production server over HTTPS on a new SQLite database in ``folder``, which is emptied first."""

    def __init__(self, folder: Path, first_port: int) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.folder = folder
        self.authority = trustme.CA()
        self.ca_file = folder / "ca.pem"
        self.authority.cert_pem.write_to_path(str(self.ca_file))
        issued = self.authority.issue_cert("localhost", "127.0.0.1")
        issued.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
        self.port = next_free_port(first_port)
        self.url = f"https://localhost:{self.port}"
        self.log = folder / "server.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The registry's settings; a ``.env`` beside the program changes none of them."""
        return {
            **os.environ,
            "DEBUG": "false",
            "SECRET_KEY": "for-the-demo-only-" + os.urandom(24).hex(),
            "ALLOWED_HOSTS": "",
            "SITE_URL": self.url,
            "SITE_NAME": "Gatehouse demo",
            "DATABASE_URL": f"sqlite:///{self.folder / 'registry.sqlite3'}",
            "CACHE_URL": "",
            "FILES_URL": f"file:{self.folder / 'files'}",
            "STATIC_ROOT": str(self.folder / "static"),
            "OIDC_AUDIENCE": f"localhost:{self.port}",
            "OIDC_ENABLED": "true",
            "ANONYMOUS_READ": "true",
            "TOKEN_PREFIX": "gth",
            "TRUSTED_PROXIES": "",
            "REQUIRE_2FA": "false",  # so that its people can look around at once
            "EMAIL_URL": "consolemail://",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "WORKERS": "2",
            "TLS_CERT": str(self.folder / "server.pem"),
            "TLS_KEY": "",
            "ALICE_PASSWORD": "demo-alice",
            "ADMIN_PASSWORD": "demo-admin",
        }

    def start(self) -> None:
        """Start it and wait until it is ready. Raises RuntimeError with its log when it does not come up."""
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "registry.serve"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the registry did not start:\n{self.log.read_text(errors='replace')}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Ask it to stop, and wait."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)

    def manage(self, *arguments: str) -> str:
        """Run a management command on its database; returns what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def news(self, since: int) -> str:
        """What its log says from byte ``since`` on: of each JSON line its message only."""
        lines = self.log.read_bytes()[since:].decode(errors="replace").splitlines()
        return "\n".join(f"the registry: {_message(line)}" for line in lines)

    def _is_ready(self) -> bool:
        trusting = ssl.create_default_context(cafile=str(self.ca_file))
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5, context=trusting) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False


def next_free_port(first: int) -> int:
    """``first``, or the next port that nobody listens on."""
    for port in range(first, first + 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no free port from {first} on")


def _message(line: str) -> str:
    try:
        return str(json.loads(line)["message"])
    except (ValueError, KeyError, TypeError):
        return line
