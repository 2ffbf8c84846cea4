"""``manage.py apply FILE``."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from publishers.applying.keys import WrongFile
from publishers.applying.running import apply


class Command(BaseCommand):
    """Brings issuers, users, projects, publishers and pending publishers to what a file says."""

    help = "Bring issuers, users, projects, publishers and pending publishers to what FILE (TOML) says."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which file, and how."""
        parser.add_argument("file", metavar="FILE", type=Path, help="what docs/apply.md describes")
        parser.add_argument("--dry-run", action="store_true", help="print the changes only")
        parser.add_argument(
            "--prune",
            action="store_true",
            help="also remove the publishers, pending publishers and roles of the named projects that FILE omits",
        )

    def handle(self, *_args: Any, file: Path, dry_run: bool, prune: bool, **_options: Any) -> None:
        """Print one line per change, or leave with status 1 and one line per error."""
        try:
            changes = apply(file, prune=prune, dry_run=dry_run)
        except WrongFile as wrong:
            self.stderr.write("\n".join(wrong.errors))
            sys.exit(1)
        self.stdout.write("\n".join(changes or ["nothing to change"]))
        if changes and dry_run:
            self.stderr.write("dry run: nothing was changed")
