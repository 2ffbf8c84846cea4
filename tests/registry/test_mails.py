"""Whom mails reach, and what strangers can do to them: nothing."""

import pytest
from allauth.account.models import EmailAddress
from django.template import engines
from post_office.models import Email

from registry import addresses, mails
from registry.models import User
from tests.factories import make_project, make_user

pytestmark = pytest.mark.django_db


def alice_with(email: str = "alice@example.com", **columns) -> User:
    return User.objects.create_user("alice", email, **columns)


@pytest.mark.parametrize(
    ("user", "known", "reached"),
    [
        ({}, {}, True),
        ({}, {"alice@example.com": True}, True),
        ({}, {"alice@example.com": False}, False),
        ({"email": "Alice@Example.com"}, {"alice@example.com": False}, False),
        ({}, {"other@example.com": False}, True),
        ({"email": ""}, {"other@example.com": True}, False),
        ({"is_active": False}, {"alice@example.com": True}, False),
    ],
)
def test_mail_reaches_the_active_at_addresses_not_known_to_be_unverified(user, known, reached):
    alice = alice_with(**user)
    for email, verified in known.items():
        EmailAddress.objects.create(user=alice, email=email, verified=verified)
    assert list(mails.reached([alice])) == ([alice] if reached else [])


def test_what_is_known_of_others_addresses_does_not_matter():
    EmailAddress.objects.create(user=make_user("bob"), email="alice@example.com", verified=False)
    assert mails.reached([alice_with()])


def test_each_person_gets_a_mail_of_their_own():
    make_project("sampleproject", make_user("alice"), make_user("bob"))
    Email.objects.all().delete()
    mails.post("trusted-publishing-only", User.objects.all(), project={"name": "x"}, on=True)
    assert [mail.to for mail in Email.objects.order_by("pk")] == [["alice@example.com"], ["bob@example.com"]]


def mail_with(monkeypatch, text: str) -> Email:
    monkeypatch.setattr(engines["text"], "get_template", lambda name: engines["text"].from_string(text))
    mails.post("any", [alice_with()], said="a\r\nBcc: all@example.com\x00\x1b[31m <b>&\u2028{{ x\u202e}}")
    return Email.objects.get()


def test_nothing_breaks_out_of_the_subject(monkeypatch):
    mail = mail_with(monkeypatch, "About {{ said }}\nText")
    message = mail.email_message().message()
    assert "Bcc" not in message
    assert "\n" not in mail.subject + mail.to[0]
    assert "all@example.com" not in str(message.get_all("To"))


def test_the_text_holds_what_was_said_without_control_characters(monkeypatch):
    mail = mail_with(monkeypatch, "Subject\n\nHe said: {{ said }}\n\n\n\nEnd\n")
    assert mail.message == "He said: a \nBcc: all@example.com [31m <b>& {{ x }}\n\nEnd\n"


def test_a_long_subject_is_cut(monkeypatch):
    mail = mail_with(monkeypatch, "long " * 100 + "\nText")
    assert len(mail.subject) == mails.MAX_SUBJECT
    assert mail.subject.endswith("…")


def test_links_begin_with_the_public_address_and_quote_what_others_named():
    project = make_project("Sample.Project")
    assert addresses.constrain(project, 7, "a b&c=d\n#").endswith(
        "/manage/project/sample-project/settings/publishing/?constrain=7&environment=a+b%26c%3Dd%0A%23"
    )
    assert addresses.exchanges(project) == "https://localhost:8443/manage/project/sample-project/exchanges/"
