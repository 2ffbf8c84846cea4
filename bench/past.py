"""A registry's past: exchanges of the last hundred days by the million, with the tokens, files and events they left.

Of ten exchanges two were refused, two gave a token by which a file came, and six one that nobody used. Tokens that
nobody used are there of the last ten days, as if ``prune`` had not run since. Few projects are busy, most are quiet.
"""

import datetime
from collections.abc import Callable

import psycopg

from bench.copying import copy_rows, without_indexes

DAYS = 100
PRUNED = 90  # percent of the time: tokens that nobody used are gone
CHUNK = 200_000
OWNERS = 50_000
TABLES = ("tokens_exchange", "tokens_uploadtoken", "tokens_provenance", "registry_event")
# A row's number says everything of it, so that rows of several tables agree: {began}, {seconds} and {projects} are
# when the first exchange was, how long the time is, and how many projects there are.
NUMBER = """(
    SELECT *, 1 + floor(({projects} - 1) * share * share)::int AS project,
           lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0')
           || '7' || substr(hash, 1, 3) || '8' || substr(hash, 4, 15) AS id
    FROM (SELECT n, md5(n::text) AS hash, (hashint8(n)::bigint + 2147483648) / 4294967296.0 AS share,
                 '{began}'::timestamptz + {seconds} * (n / {count}::float8) * interval '1 second' AS at
          FROM generate_series({first}, {last}) AS n) AS numbered
) AS number"""
PROVIDER = "CASE WHEN n % 100 < 80 THEN 'github' WHEN n % 100 < 97 THEN 'gitlab' ELSE 'google' END"
CODE = "CASE n % 1000 WHEN 0 THEN 'invalid-reuse-token' WHEN 1 THEN 'invalid-pending-publisher' ELSE template.code END"
OWNER = f"'owner-' || project % {OWNERS}"
REPOSITORY = "'repository-' || project"
PLACE = f"{OWNER} || '/' || {REPOSITORY}"
COMMIT = "left(encode(sha256((n / 3)::text::bytea), 'hex'), 40)"
ADDRESS = "'20.0.0.0'::inet + (hashint8(n + 1)::bigint & 16383) * 7"
CLAIMS = f"""template.claims || jsonb_build_object(
    'jti', hash, 'sha', {COMMIT}, 'run_id', (10000000000 + n)::text, 'repository', {PLACE}, 'repository_owner', {OWNER},
    'sub', 'repo:' || {PLACE} || ':ref:refs/heads/main', 'workflow_sha', {COMMIT}, 'job_workflow_sha', {COMMIT},
    'workflow_ref', {PLACE} || '/.github/workflows/release.yml@refs/heads/main',
    'job_workflow_ref', {PLACE} || '/.github/workflows/release.yml@refs/heads/main')"""
GRANTS = """jsonb_build_array(jsonb_build_object(
    'project', 'sample-' || project, 'publisher', project + 1, 'generation', 1, 'version', NULL))"""
DETAILS = "template.details || jsonb_build_object('exchange', number.id::uuid::text, 'publisher', project + 1)"

EXCHANGES = {
    "id": "number.id::uuid",
    "created_at": "at",
    "code": f"CASE WHEN template.outcome = 'refused' THEN {CODE} ELSE '' END",
    "issuer_id": "issuer.id",
    "issuer_url": "issuer.url",
    "provider": "issuer.provider",
    "identity": f"'[\"' || {OWNER} || '\",\"' || {REPOSITORY} || '\"]'",
    "identity_token_id": "hash || hash",
    "commit": COMMIT,
    "run": "(10000000000 + n)::text",
    "claims": CLAIMS,
    "projects": "CASE WHEN template.outcome = 'refused' THEN template.projects "
    "ELSE jsonb_build_array('sample-' || project) END",
    "checks": "jsonb_set(jsonb_set(template.checks, '{0,project}', to_jsonb('sample-' || project)), "
    "'{0,publisher}', to_jsonb(project + 1))",
    "address": ADDRESS,
    "replays": "CASE WHEN n % 1000 = 7 THEN 1 ELSE 0 END",
}
UPLOAD_TOKENS = {
    "id": "1000000 + n",
    "digest": "encode(sha256(n::text::bytea), 'hex')",
    "exchange_id": "number.id::uuid",
    "issuer_id": "issuer.id",
    "issuer_url": "issuer.url",
    "redeemed": "hash || hash",
    "redeemed_until": "at + interval '335 seconds'",
    "grants": GRANTS,
    "created_at": "at",
    "expires_at": "at + interval '900 seconds'",
    "burnt_at": "CASE WHEN n % 2 = 0 THEN at + interval '60 seconds' END",
    "spent_at": "CASE WHEN n % 500 = 3 THEN at + interval '50 seconds' END",
    "revoked_at": "CASE WHEN n % 10000 = 3 THEN at + interval '300 seconds' END",
}
PROVENANCE = {
    "id": "1000000 + n",
    "file_id": "NULL",
    "filename": "'sample_' || project || '-1.' || n || '-py3-none-any.whl'",
    "sha256": "encode(sha256(n::text::bytea), 'hex')",
    "project_name": "'sample-' || project",
    "version": "'1.' || n",
    "uploaded_at": "at + interval '40 seconds'",
    "exchange_id": "number.id::uuid",
    "upload_token_id": "1000000 + n",
    "api_token_id": "NULL",
    "uploader": f"'GitHub Actions: ' || {PLACE} || ' (release.yml)'",
    "claims": CLAIMS,
    "address": ADDRESS,
}
EVENTS = {
    "id": "1000000 + n",
    "time": "at",
    "project_id": "NULL",
    "project_name": "'sample-' || project",
    "actor_name": f"'GitHub Actions: ' || {PLACE}",
    "address": ADDRESS,
    "details": DETAILS,
}
API_TOKENS = {
    "id": "1000000 + n",
    "digest": "encode(sha256(n::text::bytea), 'hex')",
    "username": "'user-' || n % 20000",
    "name": "'laptop ' || n",
    "created_at": "now() - n * interval '1 hour' / 50",
    "expires_at": "CASE WHEN n % 3 = 0 THEN now() + (n % 180 - 90) * interval '1 day' END",
    "revoked_at": "CASE WHEN n % 50 = 0 THEN now() END",
}
# What stands after FROM beside the numbers.
ISSUER = "(SELECT DISTINCT ON (provider) * FROM publishers_issuer ORDER BY provider, id DESC) AS issuer"
OF = {
    "tokens_exchange": f"""{{number}} JOIN {ISSUER} ON issuer.provider = {PROVIDER}
        JOIN bench_exchanges AS template
        ON template.outcome = CASE WHEN n % 10 < 2 THEN 'refused' ELSE 'granted' END""",
    "tokens_uploadtoken": f"""{{number}} JOIN {ISSUER} ON issuer.provider = {PROVIDER}, bench_tokens AS template
        WHERE n % 10 IN (2, 3) OR n % 10 > 3 AND n > {{count}} / 100 * {PRUNED}""",
    "tokens_provenance": "{number}, bench_provenance AS template WHERE n % 10 IN (2, 3)",
    "registry_event": """{number} JOIN bench_events AS template
        ON template.tag = 'project:oidc:exchange-' || CASE WHEN n % 10 < 2 THEN 'refused' ELSE 'granted' END""",
}
TEMPLATES = {
    "bench_exchanges": "SELECT DISTINCT ON (outcome) * FROM tokens_exchange ORDER BY outcome, id",
    "bench_tokens": "SELECT * FROM tokens_uploadtoken ORDER BY id LIMIT 1",
    "bench_provenance": "SELECT * FROM tokens_provenance ORDER BY id LIMIT 1",
    "bench_events": "SELECT DISTINCT ON (tag) * FROM registry_event "
    "WHERE tag IN ('project:oidc:exchange-granted', 'project:oidc:exchange-refused') ORDER BY tag, id",
}
# As ``tokens.tallies`` counts.
TALLIES = """
    INSERT INTO tokens_tally (hour, what, provider, code, count)
    SELECT date_trunc('hour', created_at), outcome, provider, code, count(*) FROM tokens_exchange
    WHERE created_at < date_trunc('hour', now() - interval '5 minutes') GROUP BY 1, 2, 3, 4
    UNION ALL
    SELECT date_trunc('hour', uploaded_at), 'uploaded', '', '', count(*) FROM tokens_provenance
    WHERE uploaded_at < date_trunc('hour', now() - interval '5 minutes') GROUP BY 1
"""
COLUMNS = dict(zip(TABLES, (EXCHANGES, UPLOAD_TOKENS, PROVENANCE, EVENTS), strict=True))


def fill(connection: psycopg.Connection, count: int, projects: int, told: Callable[[str], None]) -> None:
    """Add so many exchanges, and what belongs to them, to a registry in which each of these has been there once.

    ``projects`` stand already, named as ``bench.many`` names them. ``told`` hears how far it is.
    """
    connection.execute("SET session_replication_role = replica")  # no foreign key is looked up
    connection.execute("SET synchronous_commit = off")
    connection.execute("SET maintenance_work_mem = '1GB'")
    for table, query in TEMPLATES.items():
        connection.execute(f"CREATE TEMPORARY TABLE {table} AS {query}")
    began = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=DAYS)
    said = {"count": count, "projects": projects, "began": began.isoformat(), "seconds": DAYS * 86_400}
    with without_indexes(connection, TABLES):
        for first in range(1, count + 1, CHUNK):
            last = min(first + CHUNK - 1, count)
            for table in TABLES:
                number = NUMBER.format(**said, first=first, last=last)
                copy_rows(connection, table, COLUMNS[table], OF[table].format(number=number, count=count))
            told(f"{last:,} exchanges")
        told("indexes")
    told("counts")
    connection.execute(TALLIES)
    of = f"(SELECT * FROM tokens_apitoken ORDER BY id LIMIT 1) AS template, generate_series(1, {count // 100}) AS n"
    copy_rows(connection, "tokens_apitoken", API_TOKENS, of)
    for table in (*TABLES, "tokens_apitoken"):
        if table != "tokens_exchange":
            connection.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
        connection.execute(f"VACUUM (ANALYZE) {table}")
    connection.execute("VACUUM (ANALYZE) tokens_tally")
