"""Mails to people: one template each in ``templates/mails/``, one mail for each person.

A template extends ``mails/base.txt`` and fills its blocks; the first line of what comes out is the subject. A mail is
rendered and stored in the transaction of what it tells of. It holds no secret, and its links change nothing.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Exists, OuterRef, QuerySet
from django.template import engines

from registry import outbox
from registry.models import User

MAX_SUBJECT = 150
# Control characters, and those that turn the direction of what follows: a claim must not disguise another.
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


def post(name: str, people: Iterable[User], **context: Any) -> None:
    """Write the mail ``templates/mails/NAME.txt`` to each of ``people`` whom mail reaches.

    ``context`` is what the template speaks of. Texts in it that strangers chose are cut by whoever gives them.
    """
    outbox.put([made(name, person, context) for person in reached(people)])


def post_to(name: str, address: str, **context: Any) -> None:
    """Write a mail to an address, whoever it belongs to: its template is given a person who has nothing else."""
    outbox.put([made(name, User(email=address), context)])


def made(name: str, person: User, context: Mapping[str, Any]) -> EmailMessage:
    """The mail ``templates/mails/NAME.txt`` to one person. The outbox adds the HTML part."""
    template = engines["text"].get_template(f"mails/{name}.txt")
    site = {"site_name": settings.SITE_NAME, "site_url": settings.SITE_URL}
    return written(template.render({**site, **context, "person": person}), person.email)


def reached(people: Iterable[User]) -> QuerySet[User]:
    """Those of ``people`` whom mail reaches: active, at an address that is not known to be unverified."""
    unverified = EmailAddress.objects.filter(user=OuterRef("pk"), email__iexact=OuterRef("email"), verified=False)
    active = User.objects.filter(pk__in={person.pk for person in people}, is_active=True).exclude(email="")
    return active.exclude(Exists(unverified)).order_by("pk")


def written(text: str, address: str) -> EmailMessage:
    """A mail of what a template rendered: its first line is the subject."""
    subject, _, body = _CONTROL.sub(" ", text.strip()).partition("\n")
    return EmailMessage(_cut(subject), re.sub(r"\n{3,}", "\n\n", body.strip()) + "\n", to=[address])


def _cut(subject: str) -> str:
    subject = " ".join(subject.split())
    return subject if len(subject) <= MAX_SUBJECT else f"{subject[: MAX_SUBJECT - 1]}…"
