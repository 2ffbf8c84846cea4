"""The look at the settings before anything starts."""

import sys

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured


def stop_on_wrong_settings() -> None:
    """Leave with one line on standard error, which names the setting, when a setting is wrong."""
    try:
        settings.INSTALLED_APPS  # noqa: B018  the first access reads the environment
        from registry.checks import wrong_settings

        errors = wrong_settings()
    except ImproperlyConfigured as wrong:
        sys.exit(f"gatehouse: {wrong}")
    for error in errors:
        if error.level >= checks.ERROR:
            sys.exit(f"gatehouse: {error.msg} ({error.id})")
