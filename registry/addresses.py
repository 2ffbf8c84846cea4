"""Where people look after things, as mails name it: pages, which change nothing by being opened."""

import re
from urllib.parse import urlencode

from django.conf import settings

from registry.models import Invitation, Project

# What a button says that leads to such an address. The first that fits.
_INVITATIONS = (
    (r"/manage/project/[^/]+/settings/publishing/\?constrain=.*", "Constrain the publisher"),
    (r"/manage/project/[^/]+/settings/publishing/", "Open the publishers"),
    (r"/manage/project/[^/]+/exchanges/", "Open the exchanges"),
    (r"/manage/project/[^/]+/settings/", "Open the settings"),
    (r"/manage/project/[^/]+/collaboration/", "Open the roles"),
    (r"/manage/account/publishing/", "Open your pending publishers"),
    (r"/manage/account/token/", "Open your API tokens"),
    (r"/project/[^/]+/", "Open the project"),
    (r"/admin/publishers/issuer/", "Open the issuers"),
    (r"/admin/publishers/switchedoff/", "Open the switches"),
    (r"/admin/registry/switch/", "Open the switches"),
    (r"/manage/project/[^/]+/exchanges/[^/]+/", "Open the exchange"),
    (r"/manage/invitation/[^/]+/", "Open the invitation"),
    (r"/account/", "Open your account"),
    (r"/account/confirm-email/.*", "Confirm the address"),
    (r"/account/password/reset/.*", "Choose a new password"),
    (r"/account/login/.*", "Sign in"),
)


def publishing(project: Project) -> str:
    """A project's publishers."""
    return _page(f"/manage/project/{project.normalized_name}/settings/publishing/")


def constrain(project: Project, publisher: int, environment: str) -> str:
    """The form that would constrain a publisher to an environment."""
    return f"{publishing(project)}?{urlencode({'constrain': publisher, 'environment': environment})}"


def exchanges(project: Project) -> str:
    """The attempts to get an upload token for a project."""
    return _page(f"/manage/project/{project.normalized_name}/exchanges/")


def exchange(project: Project, exchange_id: str) -> str:
    """One of them, with what differed."""
    return f"{exchanges(project)}{exchange_id}/"


def project_settings(project: Project) -> str:
    """A project's options."""
    return _page(f"/manage/project/{project.normalized_name}/settings/")


def collaboration(project: Project) -> str:
    """A project's people."""
    return _page(f"/manage/project/{project.normalized_name}/collaboration/")


def invitation(invitation: Invitation) -> str:
    """Where somebody says yes or no to a role."""
    return _page(f"/manage/invitation/{invitation.pk}/")


def pending_publishers() -> str:
    """A user's own pending publishers."""
    return _page("/manage/account/publishing/")


def api_tokens() -> str:
    """A user's own API tokens."""
    return _page("/manage/account/token/")


def account() -> str:
    """A user's own way to sign in."""
    return _page("/account/")


def page_of(project: Project) -> str:
    """What everybody sees of a project."""
    return _page(project.get_absolute_url())


def words_for(url: str) -> str:
    """What a button says that leads to an address of this registry."""
    path = url.removeprefix(settings.SITE_URL)
    return next((words for shape, words in _INVITATIONS if re.fullmatch(shape, path)), "Open the page")


def _page(path: str) -> str:
    return f"{settings.SITE_URL}{path}"
