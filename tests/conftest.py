"""What the tests share. The settings of a test run are made in ``tests.environment``."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.db import connections
from django.test.signals import setting_changed

from tests import machine
from tests.clock import Clock
from tests.environment import FOLDER
from tests.issuers import authority, authority_file, issuer, signing_key, trusted  # noqa: F401
from tests.server import Certificate, RegistryServer, database_url_of_the_tests

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.buckets import BucketServer
    from tests.town import Town

# Files of more than ten seconds, the longest first: begun last, one of them would run on when all others are done.
LONGEST = (
    "tests/test_serving.py",
    "tests/test_every_page.py",
    "tests/test_admin_crowd.py",
    "tests/live/test_clients.py",
    "tests/live/test_story.py",
    "tests/live/test_at_once.py",
    "tests/tokens/api/test_schema.py",
    "tests/registry/accounts/test_in_browser.py",
    "tests/test_admin_in_browser.py",
    "tests/tokens/test_matching_model.py",
)
# Servers that run now, so that a failed test can show what they printed meanwhile.
_running: list[RegistryServer] = []


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker of ``tests.machine``; name static files plainly, so that no test needs collectstatic."""
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    # Models have looked at the storages by now.
    setting_changed.send(sender=None, setting="STORAGES", value=settings.STORAGES, enter=True)
    config.addinivalue_line("markers", "needs(thing): cannot run without chromium, postgresql or redis")


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    shutil.rmtree(FOLDER, ignore_errors=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the other half of ``make test-all`` runs; begin with the files that take longest."""
    elsewhere = [item for item in items if machine.belongs_to_the_other_run(item)]
    if elsewhere:
        config.hook.pytest_deselected(items=elsewhere)
        items[:] = [item for item in items if item not in elsewhere]
    first = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: first.get(item.nodeid.partition("::")[0], len(first)))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or fail in ``make test-all``, what needs something that this machine lacks."""
    for mark in item.iter_markers("needs"):
        reason = machine.missing(mark.args[0])
        if reason and machine.REQUIRE_ALL:
            pytest.fail(reason, pytrace=False)
        if reason:
            pytest.skip(reason)
    for server in _running:
        server.mark()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Show what the servers printed during a test that failed."""
    report = yield
    if report.failed:
        for server in _running:
            report.sections.append((f"log of {server.url}", server.news()))
    return report


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Keep SQLite's test database in a file: threads and the server's process use it too."""
    database = connections["default"].settings_dict
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(FOLDER / "test.sqlite3")


@pytest.fixture(scope="session", autouse=True)
def tables_are_emptied_quickly() -> None:
    """See ``tests.emptying``."""
    from tests import emptying

    emptying.install()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Let PostgreSQL drop the test database also when a browser went away in the middle of an answer.

    The thread of ``live_server`` that answered it may then keep its connection until the process ends.
    """
    yield
    if machine.runs_on_postgresql():
        with django_db_blocker.unblock(), connections["default"].cursor() as cursor:
            others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            cursor.execute(f"SELECT pg_terminate_backend(pid) {others}")


@pytest.fixture
def town(transactional_db: None, issuer: Any, authority_file: str, settings: Any) -> "Town":  # noqa: F811
    """People and one row of everything (``tests.town``)."""
    from tests.town import make_town

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real one is slow by design
    return make_town(issuer, authority_file)


@pytest.fixture
def clock() -> Clock:
    """A clock that stands."""
    return Clock()


@pytest.fixture(scope="session")
def certificate() -> Certificate:
    """A certificate for localhost."""
    return Certificate(FOLDER / "tls")


@pytest.fixture(scope="session")
def start_server(django_db_setup: None, certificate: Certificate) -> Iterator[Callable[..., RegistryServer]]:
    """Start further servers: ``start_server(WORKERS="4", ANONYMOUS_READ="false")``; the session stops them.

    They use the test database: mark the test ``django_db(transaction=True)`` so that they see its rows.
    """
    if database_url_of_the_tests() == os.environ["DATABASE_URL"]:
        pytest.fail("there is no test database: no test of this run is marked django_db", pytrace=False)
    started: list[RegistryServer] = []

    def start(**changes: str) -> RegistryServer:
        server = RegistryServer(certificate, changes).start()
        started.append(server)
        _running.append(server)
        return server

    yield start
    for server in started:
        server.stop()
        _running.remove(server)


@pytest.fixture(scope="module")
def no_other_server() -> Iterator[None]:
    """Stop the servers of other tests meanwhile: they look at the same database, and their mail workers send mails."""
    stopped = [server for server in _running if server.process is not None]
    for server in stopped:
        server.stop()
    yield
    for server in stopped:
        server.restart()


@pytest.fixture(scope="session")
def registry_server(start_server: Callable[..., RegistryServer]) -> RegistryServer:
    """The production server over HTTPS, with two workers, on the test database."""
    return start_server()


@pytest.fixture(scope="session")
def registry_server_with_four_workers(start_server: Callable[..., RegistryServer]) -> RegistryServer:
    """The same with four workers."""
    return start_server(WORKERS="4")


@pytest.fixture(scope="session")
def bucket_server() -> Iterator["BucketServer"]:
    """An S3 server."""
    from tests.buckets import BucketServer

    server = BucketServer().start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Debian's Chromium. Mark the test ``needs_chromium``."""
    from playwright.sync_api import sync_playwright

    # Playwright's loop runs in this thread until the session ends, and the ORM refuses to work beside one.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    quiet = ("background-networking", "component-update", "sync", "quic", "gpu")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=str(machine.CHROMIUM),
            args=["--no-sandbox", "--no-first-run", *(f"--disable-{feature}" for feature in quiet)],
        )
        yield started
        started.close()


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    """A page of a fresh browser profile that takes the test certificate."""
    with browser.new_context(ignore_https_errors=True) as context:
        yield context.new_page()
