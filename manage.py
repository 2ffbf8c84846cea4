#!/usr/bin/env python
"""Django's command line for Gatehouse."""

import os
import sys


def main() -> None:
    """Run a management command; a wrong setting stops it with one line that names the setting."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry.settings")
    from django.core.management import execute_from_command_line

    from registry.startup import database_failures_in_a_line, stop_on_wrong_settings

    stop_on_wrong_settings()
    with database_failures_in_a_line(sys.argv):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
