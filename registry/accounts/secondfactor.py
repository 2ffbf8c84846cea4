"""An administrator's way to let somebody in again who lost their second factor."""

from allauth.mfa.models import Authenticator
from django.db import transaction

from registry import addresses, mails
from registry.actors import Actor
from registry.models import Event, User

NAMES = {
    Authenticator.Type.TOTP: "the authenticator app",
    Authenticator.Type.WEBAUTHN: "a passkey",
    Authenticator.Type.RECOVERY_CODES: "the recovery codes",
}


def reset(user: User, actor: Actor) -> int:
    """Remove whatever a person has as second factor; how much it was. Leaves an event each, and one mail."""
    with transaction.atomic():
        found = list(Authenticator.objects.select_for_update().filter(user=user).order_by("pk"))
        for one in found:
            Event.objects.record(
                "account:two_factor:method_removed", actor, user=user, method=str(one.type), reset=True
            )
            one.delete()
        if found:
            methods = ", ".join(NAMES.get(one.type, str(one.type)) for one in found)
            mails.post("second-factor-reset", [user], actor=actor, methods=methods, account=addresses.account())
    return len(found)
