"""The mails that exist, written to nobody."""

from pathlib import Path

import allauth
from allauth.account.adapter import get_adapter
from django.core.mail import EmailMessage
from django.http import Http404

from registry import mails
from registry.previews.samples import ALICE, SAMPLES, SIGN_IN

_ENDING = "_message.txt"


def ours() -> list[str]:
    """The mails that the registry writes."""
    return sorted(SAMPLES)


def of_sign_in() -> list[str]:
    """The mails that django-allauth writes."""
    folder = Path(allauth.__file__).parent / "templates"
    paths = [path for app in ("account", "mfa") for path in sorted((folder / app / "email").glob(f"*{_ENDING}"))]
    names = [path.relative_to(folder).as_posix().removesuffix(_ENDING) for path in paths]
    return [name for name in names if not name.endswith("/base")]


def letter(name: str) -> EmailMessage:
    """One of them. Raises Http404 for a name that none has."""
    if name in SAMPLES:
        return mails.made(name, ALICE, SAMPLES[name])
    if name in of_sign_in():
        code = SIGN_IN["code"] if name.endswith("_code") else ""  # with one, mails that may have a link have none
        message: EmailMessage = get_adapter().render_mail(name, ALICE.email, {**SIGN_IN, "code": code})
        return message
    raise Http404("There is no such mail.")
