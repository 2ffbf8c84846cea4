"""The production server as it is started: over TLS, with slow clients, with wrong settings, when it is stopped.

All but the first touch no row, and so do without the ``django_db`` mark, whose cleaning takes longer than they do.
"""

import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from registry.actors import Actor
from registry.creation import create_project
from registry.models import User
from tests.machine import needs_postgresql
from tests.server import ROOT, Certificate, RegistryServer, database_url_of_the_tests

START = [sys.executable, "-m", "registry.serve"]
# More than all threads of the server: 2 workers with 8 each.
CROWD = 40
AUDIENCE = b"GET /_/oidc/audience HTTP/1.1\r\nHost: localhost\r\n"
MINT = b"POST /_/oidc/mint-token HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.django_db(transaction=True)
def test_it_serves_the_rows_that_a_test_makes(registry_server: RegistryServer):
    create_project("sampleproject", owners=[User.objects.create_user("alice")], actor=Actor("test"))
    with closing(registry_server.connection()) as asked:
        asked.request("GET", "/simple/sampleproject/")
        assert asked.getresponse().status == 200


def test_the_reason_phrase_tells_why(registry_server: RegistryServer):
    with closing(registry_server.connection()) as asked:
        asked.request("POST", "/legacy/", body=b"", headers={"Authorization": "Basic X190b2tlbl9fOm5vbmU="})
        answer = asked.getresponse()
        assert (answer.status, answer.reason) == (403, "Invalid or non-existent authentication information.")


def test_a_connection_serves_many_requests(registry_server: RegistryServer):
    with closing(registry_server.connection()) as asked:
        asked.connect()
        first = asked.sock
        for _ in range(5):
            asked.request("GET", "/_/oidc/audience")
            assert asked.getresponse().read()
            assert asked.sock is first


def test_two_requests_sent_at_once_are_both_answered(registry_server: RegistryServer):
    with talking_to(registry_server) as client:
        client.sendall((AUDIENCE + b"\r\n") * 2)
        assert received(client, lambda seen: seen.count(b'"audience"') == 2)


def test_a_tls_session_is_resumed_at_whichever_worker(registry_server: RegistryServer):
    trusting = ssl.create_default_context(cafile=registry_server.ca_file)
    session, resumed = None, []
    for _ in range(6):
        with (
            _says_nothing(registry_server) as plain,
            trusting.wrap_socket(plain, server_hostname="localhost", session=session) as client,
        ):
            client.sendall(AUDIENCE + b"Connection: close\r\n\r\n")
            assert received(client, lambda seen: b'"audience"' in seen)
            session = client.session
            resumed.append(client.session_reused)
    assert resumed == [False, True, True, True, True, True]


def test_the_server_does_not_say_which_version_it_is(registry_server: RegistryServer):
    with closing(registry_server.connection()) as asked:
        asked.request("GET", "/_/oidc/audience")
        assert not any(character.isdigit() for character in asked.getresponse().headers.get("Server", ""))


# Clients that begin something and then keep silent.


def _says_nothing(server: RegistryServer) -> socket.socket:
    return socket.create_connection(("localhost", server.port))


def _stops_in_the_handshake(server: RegistryServer) -> socket.socket:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    hello = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        hello.do_handshake()
    client = _says_nothing(server)
    client.sendall(outgoing.read()[:100])
    return client


def _sends(*parts: bytes) -> Callable[[RegistryServer], socket.socket]:
    def send(server: RegistryServer) -> socket.socket:
        client = talking_to(server)
        client.sendall(b"".join(parts))
        return client

    return send


SILENT = {
    "says nothing": _says_nothing,
    "stops in the handshake": _stops_in_the_handshake,
    "stops in the head": _sends(MINT, b"X-Header: a"),
    "stops in a small body": _sends(MINT, b'Content-Length: 1000\r\n\r\n{"token'),
    "never sends a body that nobody reads": _sends(AUDIENCE, b"Content-Length: 1000000\r\n\r\n"),
    "does not close": _sends(AUDIENCE, b"Connection: close\r\n\r\n"),
    "sends empty lines": _sends(b"\r\n\r\n\r\n"),
}


@pytest.mark.parametrize("kind", SILENT)
def test_silent_clients_block_nobody(registry_server: RegistryServer, kind: str):
    with ExitStack() as clients:
        for _ in range(CROWD):
            clients.enter_context(SILENT[kind](registry_server))
        for _ in range(5):
            with closing(registry_server.connection(seconds=5)) as asked:
                asked.request("GET", "/_/oidc/audience")
                assert asked.getresponse().status == 200


def test_an_early_answer_reaches_a_client_that_is_still_sending(registry_server: RegistryServer):
    size = 30 * 1024 * 1024
    with talking_to(registry_server) as client:
        client.sendall(AUDIENCE + b"Content-Length: %d\r\n\r\n" % size)
        client.sendall(bytes(size))
        assert received(client, lambda seen: b'"audience"' in seen).startswith(b"HTTP/1.1 200 ")


def test_a_head_without_end_is_refused(registry_server: RegistryServer):
    with talking_to(registry_server) as client:
        client.sendall(b"GET / HTTP/1.1\r\n" + b"X-Long: " + b"a" * 70_000)
        assert received(client, lambda seen: b"\r\n\r\n" in seen).startswith(b"HTTP/1.1 431 ")


def test_plain_http_to_the_tls_port_harms_nobody(registry_server: RegistryServer):
    with _says_nothing(registry_server) as client:
        client.settimeout(10)
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with suppress(ConnectionResetError):
            assert received(client, lambda _seen: False) == b""


# The log.


def test_the_log_tells_no_query_and_no_header(start_server: Callable[..., RegistryServer]):
    server = start_server(WORKERS="1")
    with closing(server.connection()) as asked:
        asked.request("GET", "/simple/%0Aforged/?token=sesame")
        asked.getresponse().read()
    with talking_to(server) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization Bearer sesame\r\n\r\n")
        assert received(client, lambda seen: b"\r\n\r\n" in seen).startswith(b"HTTP/1.1 400 ")
    server.stop()
    assert "GET /simple/%0Aforged/" in server.log()
    assert "\nforged" not in server.log()
    assert "sesame" not in server.log()


# Stopping.


@contextmanager
def a_request_in_flight(server: RegistryServer) -> Iterator[ssl.SSLSocket]:
    """A mint request that a thread has begun to read: it said so by "100 Continue"."""
    with talking_to(server) as client:
        client.sendall(MINT + b"Content-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        assert received(client, lambda seen: b"\r\n\r\n" in seen).startswith(b"HTTP/1.1 100 ")
        yield client


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_requests_in_flight_are_finished_before_it_stops(
    start_server: Callable[..., RegistryServer], number: signal.Signals
):
    server = start_server()
    process = server.process
    assert process is not None
    with a_request_in_flight(server) as client:
        os.killpg(process.pid, number)  # as a terminal's Ctrl-C does: to all its processes
        wait_until(lambda: is_closed(server.port))
        client.sendall(b"null")
        answer = received(client, lambda seen: b"\r\n\r\n" in seen and b"errors" in seen)
        assert answer.startswith(b"HTTP/1.1 422 ")
    assert process.wait(timeout=30) == 0
    assert server.stop() == 0


def test_a_worker_that_is_just_starting_stops_too(start_server: Callable[..., RegistryServer]):
    server = start_server(WORKERS="8")  # the first answers while the last are being forked
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < 20
    assert "SIGKILL" not in server.log()


def test_clients_without_a_request_do_not_delay_the_stop(start_server: Callable[..., RegistryServer]):
    server = start_server()
    began = time.monotonic()
    with ExitStack() as clients:
        for kind in ("says nothing", "stops in the handshake"):
            clients.enter_context(SILENT[kind](server))
        asked = clients.enter_context(closing(server.connection()))
        asked.request("GET", "/_/oidc/audience")
        asked.getresponse().read()
        assert server.stop() == 0
    assert time.monotonic() - began < 15


def test_a_killed_server_comes_back_on_its_port(start_server: Callable[..., RegistryServer]):
    server = start_server()
    port = server.port
    server.kill()
    server.restart()
    assert server.port == port
    assert server.stop() == 0


# Starting.


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("PORT", "http", "PORT must be a whole number from 1 to 65535"),
        ("PORT", "0", "PORT must be a whole number from 1 to 65535"),
        ("HOST", "not a host", "HOST must be an address"),
        ("HOST", "host.invalid", "HOST must be an address of this machine"),
        ("HOST", "192.0.2.1", "HOST 192.0.2.1: Cannot assign requested address"),
        ("WORKERS", "0", "WORKERS must be a whole number"),
        ("THREADS", "many", "THREADS must be a whole number"),
        ("TLS_CERT", "/nowhere/cert.pem", "TLS_CERT must be a readable file"),
        ("TLS_KEY", "/nowhere/key.pem", "TLS_KEY must be a readable file"),
        ("TLS_KEY", str(ROOT / "pyproject.toml"), "TLS_CERT and TLS_KEY must be PEM files"),
        ("TLS_CERT", "", "TLS_KEY is set, TLS_CERT is not"),
        ("SECRET_KEY", "", "SECRET_KEY is required"),
        ("SECRET_KEY", "sesame" * 5, "SECRET_KEY must have at least 32 characters"),
        ("SECRET_KEY", "x" * 60, "SECRET_KEY must have at least 32 characters, of at least 5 kinds"),
        ("DATABASE_URL", "sqlite://", "DATABASE_URL names a database in memory"),
        ("DATABASE_URL", "sqlite:///:memory:", "DATABASE_URL names a database in memory"),
        ("OIDC_AUDIENCE", "pypi", "OIDC_AUDIENCE must be this registry's own name"),
        ("MINT_RATE", "120/fortnight", "MINT_RATE must be a number for each s, min, h or d, such as 120/min, or 0"),
        ("DATABASE_URL", "mysql://root@localhost/x", "DATABASE_URL must be"),
        ("DATABASE_URL", "sqlite:////proc/none.sqlite3", "DATABASE_URL: unable to open database file"),
        ("DATABASE_URL", "postgres://nobody:sesame@127.0.0.1:1/none", "DATABASE_URL: "),
        ("DATABASE_URL", "/srv/sesame.sqlite3", "DATABASE_URL must be"),
        ("FILES_URL", "file:/proc/none", "FILES_URL: "),
        ("FILES_URL", "s3://key:sesame@files", "FILES_URL must not hold credentials"),
        ("FILES_URL", "s3://files?endpoint_url=http://127.0.0.1:1", "FILES_URL: the bucket 'files' cannot be used"),
        ("STATIC_ROOT", "/proc/none/static", "STATIC_ROOT names the folder /proc/none, which cannot be made"),
        ("ALLOWED_HOSTS", "packages.example.com,http://other", "ALLOWED_HOSTS must hold host names"),
        ("CACHE_URL", "redis://:sesame@host:abc/0", "CACHE_URL must be redis://"),
        ("CACHE_URL", "redis://host/first", "CACHE_URL must be redis://"),
        ("EMAIL_URL", "smtp://", "EMAIL_URL must be smtp://"),
        ("EMAIL_URL", "pigeon://sesame", "EMAIL_URL must be smtp://"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line(
    certificate: Certificate, tmp_path: Path, name: str, value: str, told: str
):
    right = {"DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}"}
    environment = {**RegistryServer(certificate, right).on_a_free_port().environment, name: value}
    ended = subprocess.run(START, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"gatehouse: {told}")
    assert ended.stderr.count("\n") == 1
    assert ended.stdout == ""
    assert "sesame" not in ended.stderr


def test_a_taken_port_stops_the_start_with_one_line(certificate: Certificate):
    server = RegistryServer(certificate, {}).on_a_free_port()
    with socket.create_server(("127.0.0.1", server.port)):
        ended = subprocess.run(
            START, cwd=ROOT, env=server.environment, capture_output=True, text=True, timeout=60, check=False
        )
    assert ended.returncode == 1
    assert ended.stderr == f"gatehouse: PORT {server.port} at 127.0.0.1: Address already in use\n"


def test_without_a_certificate_it_speaks_http_and_warns(start_server: Callable[..., RegistryServer]):
    server = start_server(TLS_CERT="", TLS_KEY="")
    assert "gatehouse: warning: TLS_CERT is not set, so this speaks HTTP, but SITE_URL is https" in server.log()
    assert server.stop() == 0


def test_a_registry_under_any_name_is_warned_of(start_server: Callable[..., RegistryServer]):
    server = start_server(ALLOWED_HOSTS="packages.example.com,*")
    assert "gatehouse: warning: ALLOWED_HOSTS holds *" in server.log()
    assert server.stop() == 0


def test_over_https_there_is_no_warning(registry_server: RegistryServer):
    assert "warning" not in registry_server.log()


@needs_postgresql
@pytest.mark.django_db  # beside that database it makes another
def test_two_machines_may_migrate_at_once(certificate: Certificate):
    with an_empty_database() as url:
        environment = {**RegistryServer(certificate, {}).on_a_free_port().environment, "DATABASE_URL": url}
        prepare = "import django; django.setup(); from registry.serving.preparing import prepare; prepare()"
        both = [
            subprocess.Popen(
                [sys.executable, "-c", prepare],
                cwd=ROOT,
                env={**environment, "DJANGO_SETTINGS_MODULE": "registry.settings"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for _ in range(2)
        ]
        told = [process.communicate(timeout=90)[0] for process in both]
        assert [process.returncode for process in both] == [0, 0], told


# What the tests above are made of.


@contextmanager
def an_empty_database() -> Iterator[str]:
    """A PostgreSQL database beside the tests' own; its DATABASE_URL."""
    name = f"{connection.settings_dict['NAME']}_empty"
    with psycopg.connect(database_url_of_the_tests(), autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}"')
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            yield database_url_of_the_tests().replace(connection.settings_dict["NAME"], name)
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def talking_to(server: RegistryServer) -> ssl.SSLSocket:
    """A TLS connection on which nothing was sent yet."""
    trusting = ssl.create_default_context(cafile=server.ca_file)
    plain = socket.create_connection(("localhost", server.port), timeout=10)
    return trusting.wrap_socket(plain, server_hostname="localhost")


def received(client: socket.socket, enough: Callable[[bytes], bool]) -> bytes:
    """What the server sent until it is ``enough`` or the connection ended."""
    seen = b""
    while not enough(seen):
        data = client.recv(65536)
        if not data:
            break
        seen += data
    return seen


def is_closed(port: int) -> bool:
    """Whether nobody listens there any more."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return True
    return False


def wait_until(holds: Callable[[], bool], seconds: float = 15) -> None:
    """Ask again and again, for at most ``seconds``."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while not holds():
        assert time.monotonic() < deadline
        pause.wait(0.05)
