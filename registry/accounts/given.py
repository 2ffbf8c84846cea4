"""Mail addresses that an operator gives to a user: they count as verified, since the operator vouches for them.

Without a row of its own, an address would get an unverified one as soon as django-allauth meets it, be it that somebody
opens a page, and no mail would reach the user any more (``registry.mails.reached``).
"""

from allauth.account.models import EmailAddress

from registry.actors import Actor
from registry.models import Event, User


def is_anothers(email: str, user: User) -> bool:
    """Whether it is the verified address of somebody else."""
    return bool(EmailAddress.objects.filter(email=email.lower(), verified=True).exclude(user_id=user.pk).exists())


def give(user: User, email: str, actor: Actor, *, before: str | None = None) -> bool:
    """Make ``email`` a user's verified and primary address; True if something changed. Leaves an event.

    ``before`` is what the user's address was, where the user says another one already.
    """
    email, before = email.lower(), user.email if before is None else before
    address = EmailAddress.objects.filter(user=user, email=email).first()
    if address is not None and address.verified and address.primary and before == email:
        return False
    tag = "add" if address is None else ("primary:change" if address.verified else "verified")
    address = address or EmailAddress(user=user, email=email)
    address.verified = True
    address.set_as_primary()
    Event.objects.record(f"account:email:{tag}", actor, user=user, email=email, before=before)
    return True
