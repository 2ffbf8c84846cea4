"""The Django admin, with our sign-in before it."""

from django.contrib.admin.apps import AdminConfig


class AdministrationConfig(AdminConfig):
    """Django's admin, on a site that asks for what ``stepup`` asks."""

    default_site = "registry.accounts.administration.Administration"
