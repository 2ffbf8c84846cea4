"""Where people look after things, as mails name it: pages, which change nothing by being opened."""

from urllib.parse import urlencode

from django.conf import settings

from registry.models import Invitation, Project


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


def _page(path: str) -> str:
    return f"{settings.SITE_URL}{path}"
