"""Let PostgreSQL keep an exchange's checks compressed beside its claims: a third less to read, log and delete.

PostgreSQL compresses the columns of a row of more than 2 kB, the longest first, until it is below that, which most
exchanges are when only the claims are compressed. With a lower target it goes on with the checks. ``MAIN`` keeps all
columns in the row, which otherwise would leave it for that target. Rows that are there already stay as they are, and
are gone when their retention ends.
"""

from django.db import migrations

COLUMNS = (
    "outcome", "code", "description", "issuer_url", "provider", "identity", "identity_token_id", "key_id", "commit",
    "run", "claims", "projects", "checks", "user_agent",
)
TABLE = "ALTER TABLE tokens_exchange"


def narrow(apps, schema_editor):
    _alter(schema_editor, "MAIN", "SET (toast_tuple_target = 128)")


def as_before(apps, schema_editor):
    _alter(schema_editor, "EXTENDED", "RESET (toast_tuple_target)")


def _alter(schema_editor, storage, target):
    if schema_editor.connection.vendor == "postgresql":
        columns = ", ".join(f'ALTER COLUMN "{column}" SET STORAGE {storage}' for column in COLUMNS)
        schema_editor.execute(f"{TABLE} {columns}")
        schema_editor.execute(f"{TABLE} {target}")


class Migration(migrations.Migration):
    dependencies = [("tokens", "0006_filters_of_the_audit")]

    operations = [migrations.RunPython(narrow, as_before)]
