"""The providers that this registry knows: one file each, found by name."""

from publishers.providers.base import Provider
from publishers.providers.buildkite import Buildkite
from publishers.providers.github import GitHub
from publishers.providers.gitlab import GitLab

_KNOWN: tuple[type[Provider], ...] = (GitHub, GitLab, Buildkite)
PROVIDERS: dict[str, type[Provider]] = {provider.name: provider for provider in _KNOWN}


def choices() -> list[tuple[str, str]]:
    """For the provider column; a callable, so that a new provider makes no migration."""
    return [(name, provider.label) for name, provider in PROVIDERS.items()]
