"""The ground floor."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """Projects, releases, files, people and their history."""

    name = "registry"

    def ready(self) -> None:
        """Register the checks, the listeners and the words of this floor, and make what workers share."""
        from registry import catalogue, checks, counting, deletion, wording  # noqa: F401  importing does it
        from registry.accounts import history  # noqa: F401  listens to django-allauth

        wording.add(catalogue.LINES)
