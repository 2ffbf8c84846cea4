"""The outbox: mails wait in the database, written with what they tell of, until the mail worker has sent them.

The rows are django-post-office's, and so is the sending of one. Who sends which mail when is decided here: by a
conditional update, so that of the workers of several machines one sends it, and one that dies holds up nothing.
"""

import datetime
import logging
import smtplib
from collections.abc import Iterator, Sequence
from email.utils import make_msgid
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from post_office.connections import connections
from post_office.models import PRIORITY, STATUS, Email, Log

from registry import mailhtml
from registry.observing import metrics

# A worker that has not said within this time how it went has died, and its mail is taken over. Longer than all steps
# of one conversation (EMAIL_TIMEOUT each).
LEASE = datetime.timedelta(minutes=10)
FIRST_PAUSE = datetime.timedelta(minutes=1)  # doubled after each attempt
LONGEST_PAUSE = datetime.timedelta(hours=4)
GIVE_UP = datetime.timedelta(days=3)
RETENTION = datetime.timedelta(days=90)  # of a mail that was sent, or given up

BATCH = 50
MAX_SUBJECT = 900  # the column has 989
# What an SMTP server says of one mail. Whatever else the network says, it would say of the next mail too.
ABOUT_ONE_MAIL = (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError)

logger = logging.getLogger(__name__)


class ServerUnreachable(Exception):
    """Mails cannot be sent now, this one or another."""


def put(messages: Sequence[EmailMessage]) -> None:
    """Store mails in the caller's transaction, each as text and as HTML, which is made of the text if it brings none.

    Texts are stored as they are; an address that is none fails later.
    """
    Email.objects.bulk_create(_row(message) for message in messages)


def deliveries() -> Iterator[bool]:
    """Send what is due, one mail after another; whether each was sent. Never within a transaction.

    Raises ServerUnreachable when the server takes none: the others that are due stay so.
    """
    while due := list(_due()[:BATCH]):
        for mail in due:
            if _claim(mail):
                yield _send(mail)


def try_again(mails: QuerySet[Any]) -> int:
    """Give mails that were given up one more attempt; how many there were."""
    given_up = mails.filter(status=STATUS.failed)
    return int(given_up.update(status=STATUS.queued, scheduled_time=timezone.now()))


@metrics.read_at_scrape
def _queue() -> Iterator[metrics.Reading]:
    """How many mails wait, and for how long the oldest that is due has."""
    waiting = Email.objects.filter(status__in=(STATUS.queued, STATUS.requeued))
    yield "gatehouse_mails_waiting", "Mails in the outbox.", {}, waiting.count()
    oldest = _due().values_list("scheduled_time", flat=True).first()
    late = (timezone.now() - oldest).total_seconds() if oldest else 0
    yield "gatehouse_mails_late_seconds", "For how long the mail that is due first has been due.", {}, late


def outlived() -> QuerySet[Any]:
    """Mails that nobody needs to see any more."""
    mails: QuerySet[Any] = Email.objects.filter(status__in=(STATUS.sent, STATUS.failed))
    return mails.filter(created__lt=timezone.now() - RETENTION)


class EmailBackend(BaseEmailBackend):
    """Django's way to send a mail, such as django-allauth's, leads into the outbox too."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Store the mails."""
        put(email_messages)
        return len(email_messages)


def _row(message: EmailMessage) -> Email:
    # Not by post_office.mail: it reads subject and text as templates, and strangers have a say in them.
    alternatives = getattr(message, "alternatives", [])
    subject = message.subject[:MAX_SUBJECT]
    headers = {"Auto-Submitted": "auto-generated", **message.extra_headers}  # RFC 3834
    if message.reply_to:
        headers["Reply-To"] = ", ".join(map(str, message.reply_to))
    return Email(
        from_email=message.from_email,
        to=message.to,
        cc=message.cc,
        bcc=message.bcc,
        subject=subject,
        message=message.body,
        html_message=next((text for text, kind in alternatives if kind == "text/html"), None)
        or mailhtml.html(subject, message.body),
        headers=headers,
        message_id=make_msgid(domain=settings.SITE_HOST or None),
        priority=PRIORITY.medium,
        status=STATUS.queued,
        scheduled_time=timezone.now(),
        number_of_retries=0,
    )


def _due() -> QuerySet[Any]:
    mails: QuerySet[Any] = Email.objects.filter(status__in=(STATUS.queued, STATUS.requeued))
    return mails.filter(scheduled_time__lte=timezone.now()).order_by("scheduled_time", "pk")


def _claim(mail: Any) -> bool:
    """Take a mail for the time of LEASE; False if another worker did."""
    lease = timezone.now() + LEASE
    unchanged = Email.objects.filter(pk=mail.pk, status=mail.status, scheduled_time=mail.scheduled_time)
    mail.number_of_retries += 1  # counts attempts, those of a worker that died too
    if not unchanged.update(scheduled_time=lease, number_of_retries=mail.number_of_retries):
        return False
    mail.scheduled_time = lease
    return True


def _send(mail: Any) -> bool:
    try:
        mail.dispatch(commit=False, disconnect_after_delivery=False)
    except Exception as failure:
        logger.warning("Mail %s could not be sent: %s: %s", mail.pk, type(failure).__name__, failure)
        _put_off(mail, failure)
        if isinstance(failure, OSError) and not isinstance(failure, ABOUT_ONE_MAIL):
            raise ServerUnreachable from failure
        return False
    else:
        Email.objects.filter(pk=mail.pk).update(status=STATUS.sent, last_updated=timezone.now())
        return True
    finally:
        connections.close()


def _put_off(mail: Any, failure: Exception) -> None:
    """Try again after a pause that grows, and for the last time when GIVE_UP has passed since the mail was written."""
    now, until = timezone.now(), mail.created + GIVE_UP
    pause = min(FIRST_PAUSE * 2 ** min(mail.number_of_retries - 1, 16), LONGEST_PAUSE)
    status = STATUS.failed if now >= until else STATUS.requeued
    with transaction.atomic():
        held = Email.objects.filter(pk=mail.pk, scheduled_time=mail.scheduled_time)
        held.update(status=status, scheduled_time=min(now + pause, max(until, now)), last_updated=now)
        said = {"exception_type": type(failure).__name__, "message": str(failure)[:1000]}
        Log.objects.create(email_id=mail.pk, status=STATUS.failed, **said)
