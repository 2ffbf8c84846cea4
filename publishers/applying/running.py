"""One run of ``apply``: all of the file in one transaction, or nothing."""

from pathlib import Path

from django.db import transaction

from publishers.applying import people, tables, trust, workloads
from publishers.applying.runs import Run


def apply(path: Path, *, prune: bool = False, dry_run: bool = False) -> list[str]:
    """Bring the database to what the file says; the changes, in words. Never uses the network.

    Raises WrongFile, and nothing is changed then. With ``dry_run`` all of it is done and taken back.
    """
    file, run = tables.read(path), Run(prune=prune)
    with transaction.atomic():
        trust.bring_issuers(file.issuers, file.folder, run)
        people.bring_users(file.users, run)
        for project, table in people.bring_projects(file.projects, run):
            workloads.bring_publishers(project, table.publishers, run)
        workloads.bring_pending(file.pending, run)
        run.errors.stop_if_any()
        if dry_run:
            transaction.set_rollback(True)
    return run.changes
