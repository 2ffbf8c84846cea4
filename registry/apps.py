"""The ground floor."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """Projects, releases, files, people and their history."""

    name = "registry"

    def ready(self) -> None:
        """Register the system checks and the listeners of this floor, and make what workers share."""
        from registry import checks, counting, deletion  # noqa: F401  importing does it
        from registry.accounts import history  # noqa: F401  listens to django-allauth
