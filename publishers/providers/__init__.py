"""The providers that this registry knows: one file each, found by name."""

from publishers.providers.activestate import ActiveState
from publishers.providers.base import Provider
from publishers.providers.buildkite import Buildkite
from publishers.providers.circleci import CircleCI
from publishers.providers.generic import Generic
from publishers.providers.github import GitHub
from publishers.providers.gitlab import GitLab
from publishers.providers.google import Google

_KNOWN: tuple[type[Provider], ...] = (GitHub, GitLab, Buildkite, CircleCI, Google, ActiveState, Generic)
PROVIDERS: dict[str, type[Provider]] = {provider.name: provider for provider in _KNOWN}


def of_other_credential(unverified: str) -> type[Provider] | None:
    """The provider whose jobs have a credential that begins so, or is issued so, and is no identity token."""
    for kind in PROVIDERS.values():
        if unverified.startswith(kind.other_credentials) or unverified in kind.other_issuers:
            return kind
    return None


def choices() -> list[tuple[str, str]]:
    """For the provider column; a callable, so that a new provider makes no migration."""
    return [(name, provider.label) for name, provider in PROVIDERS.items()]
