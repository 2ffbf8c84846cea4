"""Mails wait in the database until an SMTP server has taken them: a real one, on this machine."""

import datetime
import socket
from collections.abc import Iterator

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone
from post_office.models import STATUS, Email, Log

from registry import outbox
from tests.mailserver import MailServer

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def server(settings) -> Iterator[MailServer]:
    with MailServer() as running:
        settings.POST_OFFICE = {**settings.POST_OFFICE, "BACKENDS": {"default": SMTP}}
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", running.port, 5
        yield running


def put(*subjects: str, to: str = "alice@example.com") -> None:
    outbox.put([EmailMessage(subject, f"Text of {subject}\n", to=[to]) for subject in subjects])


def deliver() -> list[bool]:
    return list(outbox.deliveries())


def is_due(mail: Email, *, written: datetime.timedelta = datetime.timedelta()) -> None:
    """Let the time of its pause pass, and as much since it was written."""
    created = timezone.now() - written if written else mail.created
    Email.objects.filter(pk=mail.pk).update(scheduled_time=timezone.now(), created=created)


# -- what is stored ------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_mail_goes_back_with_its_transaction():
    with transaction.atomic():
        put("First")
        transaction.set_rollback(True)
    assert not Email.objects.exists()


@pytest.mark.django_db
def test_texts_are_not_read_as_templates(server):
    put("{% now 'Y' %} {{ settings.SECRET_KEY }} {% nonsense")
    assert deliver() == [True]
    assert server.subjects == ["{% now 'Y' %} {{ settings.SECRET_KEY }} {% nonsense"]


@pytest.mark.django_db
def test_a_mail_says_that_no_person_sent_it_and_can_be_told_from_its_copy(server):
    put("First")
    deliver()
    assert server.mails[0]["Auto-Submitted"] == "auto-generated"
    assert server.mails[0]["Message-ID"].endswith("@localhost>")
    assert server.mails[0]["From"] == "Gatehouse <noreply@localhost>"


@pytest.mark.django_db
def test_a_mail_has_its_text_and_the_same_words_as_html(server):
    put("First")
    deliver()
    text, html = server.mails[0].iter_parts()
    assert (text.get_content_type(), text.get_content().splitlines()) == ("text/plain", ["Text of First"])
    assert html.get_content_type() == "text/html"
    assert "<p>Text of First</p>" in html.get_content()


@pytest.mark.django_db
def test_what_others_send_by_django_waits_too(server, settings):
    settings.EMAIL_BACKEND = "registry.outbox.EmailBackend"
    mail = EmailMultiAlternatives("{{ Hello }}", "text", to=["alice@example.com"], reply_to=["boss@example.com"])
    mail.attach_alternative("<p>html</p>", "text/html")
    assert mail.send() == 1
    assert not server.mails
    assert deliver() == [True]
    assert server.mails[0]["Reply-To"] == "boss@example.com"
    text, html = server.mails[0].iter_parts()
    assert text.get_content_type() == "text/plain"
    assert html.get_content().strip() == "<p>html</p>"


@pytest.mark.django_db
def test_the_mails_of_the_sign_in_have_html_too(settings):
    settings.EMAIL_BACKEND = "registry.outbox.EmailBackend"
    EmailMessage("Password changed", "Your password has been changed.", to=["alice@example.com"]).send()
    assert "<p>Your password has been changed.</p>" in Email.objects.get().html_message


# -- sending -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_mails_are_sent_once_in_their_order(server):
    put("First", "Second")
    put("Third")
    assert deliver() == [True] * 3
    assert deliver() == []
    assert server.subjects == ["First", "Second", "Third"]
    assert set(Email.objects.values_list("status", flat=True)) == {STATUS.sent}


@pytest.mark.django_db
def test_an_outage_loses_nothing(server):
    put("First", "Second")
    server.stop()
    with pytest.raises(outbox.ServerUnreachable):
        deliver()
    server.start()
    assert deliver() == [True]  # the second was still due: the outage counted as an attempt for the first alone
    is_due(Email.objects.get(subject="First"))
    assert deliver() == [True]
    assert sorted(server.subjects) == ["First", "Second"]


@pytest.mark.django_db
def test_a_bad_recipient_stops_nobody_else(server):
    server.refused = {"nobody@example.com"}
    put("First", to="nobody@example.com")
    put("Second", to="alice@")
    put("Third")
    assert deliver() == [False, False, True]
    assert server.subjects == ["Third"]
    assert "550" in Log.objects.get(email__subject="First").message


@pytest.mark.django_db
def test_pauses_grow_from_a_minute_to_four_hours_for_three_days(server):
    server.refused = {"alice@example.com"}
    put("First")
    pauses, age = [], datetime.timedelta()
    for _ in range(100):
        began = timezone.now()
        assert deliver() == [False]
        mail = Email.objects.get()
        if mail.status == STATUS.failed:
            break
        pauses.append(round((mail.scheduled_time - began).total_seconds() / 60))
        age += mail.scheduled_time - began
        is_due(mail, written=age)
    assert pauses[:10] == [1, 2, 4, 8, 16, 32, 64, 128, 240, 240]
    assert set(pauses[10:-1]) == {240}
    assert age == pytest.approx(datetime.timedelta(days=3), abs=datetime.timedelta(minutes=1))
    assert deliver() == []
    assert Log.objects.count() == len(pauses) + 1 == mail.number_of_retries


@pytest.mark.django_db
def test_what_was_given_up_can_be_tried_once_more(server):
    server.refused = {"alice@example.com"}
    put("First")
    is_due(Email.objects.get(), written=datetime.timedelta(days=4))
    assert deliver() == [False]
    assert Email.objects.get().status == STATUS.failed
    server.refused = set()
    assert outbox.try_again(Email.objects.all()) == 1
    assert deliver() == [True]
    assert outbox.try_again(Email.objects.all()) == 0


@pytest.mark.django_db
def test_a_mail_that_waited_for_days_without_a_worker_is_still_sent(server):
    put("First")
    is_due(Email.objects.get(), written=datetime.timedelta(days=9))
    assert deliver() == [True]


@pytest.mark.django_db
def test_a_mail_that_a_worker_took_and_did_not_finish_is_taken_over(server):
    put("First")
    assert outbox._claim(Email.objects.get())
    assert deliver() == []
    left = Email.objects.get().scheduled_time - timezone.now()
    assert datetime.timedelta(minutes=9) < left <= outbox.LEASE
    is_due(Email.objects.get())
    assert deliver() == [True]


@pytest.mark.django_db
def test_of_two_who_saw_the_same_mail_one_takes_it():
    put("First")
    seen, also_seen = Email.objects.get(), Email.objects.get()
    assert outbox._claim(seen)
    assert not outbox._claim(also_seen)


@pytest.mark.django_db
def test_a_server_that_says_nothing_is_not_waited_for_long(settings):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.POST_OFFICE = {**settings.POST_OFFICE, "BACKENDS": {"default": SMTP}}
        settings.EMAIL_HOST, settings.EMAIL_PORT = silent.getsockname()
        settings.EMAIL_TIMEOUT = 0.2
        put("First")
        with pytest.raises(outbox.ServerUnreachable):
            deliver()
    assert Email.objects.get().status == STATUS.requeued
