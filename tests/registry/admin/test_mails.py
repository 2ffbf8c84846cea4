"""The outbox in the admin: mails are read, and those that were given up are tried again."""

import pytest
from django.contrib.auth.models import Permission
from django.core.mail import EmailMessage
from django.urls import reverse
from post_office.models import STATUS, Email, Log

from registry import outbox
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def mail():
    outbox.put([EmailMessage("Subject", "Text <b>of</b> it", to=["alice@example.com"])])
    return Email.objects.get()


def try_again(client, mail):
    selected = {"action": "try_again", "_selected_action": [str(mail.pk)]}
    return client.post(reverse("admin:post_office_email_changelist"), selected, follow=True)


def test_what_was_given_up_can_be_tried_again(client, boss, mail):
    Email.objects.update(status=STATUS.failed)
    assert "1 will be tried again." in try_again(client, mail).content.decode()
    assert list(outbox.deliveries()) == [True]
    assert "0 will be tried again." in try_again(client, mail).content.decode()


def test_who_may_only_look_tries_nothing_again(client, mail):
    viewer = make_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_email"))
    client.force_login(viewer)
    Email.objects.update(status=STATUS.failed)
    assert "Subject" in try_again(client, mail).content.decode()
    assert Email.objects.get().status == STATUS.failed


def test_a_mail_shows_its_text_and_why_it_failed(client, boss, mail):
    Log.objects.create(email=mail, status=STATUS.failed, exception_type="SMTPDataError", message="<full>")
    page = client.get(reverse("admin:post_office_email_change", args=[mail.pk])).content.decode()
    assert "Text &lt;b&gt;of&lt;/b&gt; it" in page
    assert "SMTPDataError: &lt;full&gt;" in page
