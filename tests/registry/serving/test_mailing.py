"""The mail worker as a process: beside another one, killed in the middle, and as part of the server."""

import datetime
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone
from post_office.models import STATUS, Email

from publishers.models import Issuer, Publisher
from publishers.providers.github import GitHub
from registry import outbox
from tests.factories import make_user
from tests.issuers import eventually
from tests.mailserver import MailServer
from tests.server import ROOT, RegistryServer, database_url_of_the_tests

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_other_server")]

# As the server runs it, but it looks more often.
WORKER = "import os, django; django.setup(); from registry.serving import mailing; "
WORKER += "mailing.POLL_SECONDS = 0.1; mailing.work(os.getppid())"


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


@pytest.fixture
def start_worker(mail_server: MailServer) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    environment = {**os.environ, "DATABASE_URL": database_url_of_the_tests(), "EMAIL_URL": mail_server.url}

    def start() -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, env=environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def put(*subjects: str) -> None:
    outbox.put([EmailMessage(subject, "Text\n", to=["alice@example.com"]) for subject in subjects])


def all_sent() -> bool:
    return not Email.objects.exclude(status=STATUS.sent).exists()


def test_two_workers_send_each_mail_once(mail_server: MailServer, start_worker: Callable[[], subprocess.Popen[bytes]]):
    subjects = [f"Mail {number}" for number in range(60)]
    put(*subjects)
    workers = [start_worker(), start_worker()]
    eventually(all_sent, 60)
    assert sorted(mail_server.subjects) == sorted(subjects)
    for worker in workers:
        worker.terminate()
    assert [worker.wait(20) for worker in workers] == [0, 0]


def test_the_mail_of_a_killed_worker_is_taken_over(
    mail_server: MailServer, start_worker: Callable[[], subprocess.Popen[bytes]]
):
    mail_server.holds_next = True
    put("First")
    worker = start_worker()
    assert mail_server.holding.wait(60)
    worker.kill()
    worker.wait()
    put("Second")
    start_worker()
    eventually(lambda: mail_server.subjects == ["Second"], 60)
    Email.objects.filter(subject="First").update(scheduled_time=timezone.now())  # the time of its lease has passed
    eventually(all_sent, 60)
    assert mail_server.subjects == ["Second", "First"]


def test_it_ends_what_waited_in_vain(start_worker: Callable[[], subprocess.Popen[bytes]]):
    publisher = Publisher.objects.create(
        issuer=Issuer.objects.get(url=GitHub.default_issuer),
        project_name="brand-new",
        values={"owner": "octo-org", "repository": "sampleproject", "workflow_filename": "release.yml"},
        added_by=make_user("alice"),
        created_at=timezone.now() - datetime.timedelta(days=31),
    )
    start_worker()
    eventually(lambda: not Publisher.objects.filter(pk=publisher.pk).exists(), 60)
    eventually(all_sent, 30)
    assert Email.objects.get().subject.endswith("Pending publisher for brand-new expired")


def worker_of(server: RegistryServer) -> int:
    """The number of the mail worker that it started last."""
    return int(re.findall(r"The mail worker started with pid (\d+)", server.log())[-1])


def is_running(pid: int) -> bool:
    """Whether a process is there and is not only waiting to be noticed as dead."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@pytest.fixture
def server(mail_server: MailServer, start_server: Callable[..., RegistryServer]) -> Iterator[RegistryServer]:
    started = start_server(EMAIL_URL=mail_server.url, WORKERS="1")
    eventually(lambda: "The mail worker started" in started.log())
    yield started
    started.stop()


def test_the_server_sends_mails(mail_server: MailServer, server: RegistryServer):
    put("First")
    eventually(lambda: mail_server.subjects == ["First"], 30)
    eventually(all_sent)
    worker = worker_of(server)
    began = time.monotonic()
    assert server.stop() == 0
    assert not is_running(worker)
    assert time.monotonic() - began < 20


def test_the_server_starts_a_mail_worker_anew(mail_server: MailServer, server: RegistryServer):
    first = worker_of(server)
    os.kill(first, signal.SIGKILL)
    eventually(lambda: worker_of(server) != first, 30)
    put("First")
    eventually(lambda: mail_server.subjects == ["First"], 30)
    assert server.stop() == 0


def test_a_stop_lets_it_finish_its_mail(mail_server: MailServer, server: RegistryServer):
    mail_server.holds_next = True
    put("First")
    assert mail_server.holding.wait(30)
    os.kill(server.pid, signal.SIGTERM)
    eventually(lambda: "Handling signal: term" in server.log())
    assert is_running(worker_of(server))
    mail_server.release.set()
    assert server.stop() == 0
    assert all_sent()


def test_a_killed_server_leaves_no_mail_worker(server: RegistryServer):
    worker = worker_of(server)
    os.kill(server.pid, signal.SIGKILL)
    eventually(lambda: not is_running(worker), 30)
    server.kill()
