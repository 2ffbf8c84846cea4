"""The settings of a test run, made before Django reads them; loaded by pytest's ``-p``.

A developer's ``.env`` must not change what the tests see, so everything that it may hold is set here.
The database is SQLite in a temporary folder unless TEST_DATABASE_URL names another.
"""

import os
import tempfile
from pathlib import Path

_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
FOLDER = Path(tempfile.mkdtemp(prefix=f"gatehouse-tests-{_worker}"))

# What boto3 would read beside the credentials below.
for _name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[_name]

os.environ.update(
    AWS_ACCESS_KEY_ID="the-tests",
    AWS_SECRET_ACCESS_KEY="only-for-tests-0123456789",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    AWS_EC2_METADATA_DISABLED="true",
    DEBUG="false",
    SECRET_KEY="only-for-tests-" + "0123456789" * 5,
    ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
    SITE_URL="https://localhost:8443",
    SITE_NAME="Gatehouse",
    DATABASE_URL=os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{FOLDER / 'main.sqlite3'}",
    CACHE_URL="",
    FILES_URL=f"file:{FOLDER / 'files'}",
    STATIC_ROOT=str(FOLDER / "static"),
    EMAIL_URL="memorymail://",
    OIDC_AUDIENCE="localhost:8443",
    OIDC_ENABLED="true",
    UPLOAD_TOKEN_TTL="900",
    TOKEN_PREFIX="gth",
    PENDING_PUBLISHER_TTL_DAYS="30",
    PENDING_PUBLISHERS_PER_USER="10",
    EXCHANGE_RETENTION_DAYS="90",
    API_RATE="0",
    MINT_RATE="0",  # all tests come from one address; those of the limit switch it on
    SIGNUP_OPEN="false",
    SIGSTORE_TRUSTED_ROOT="",
    DISCLOSURE_KEYS_URL="",
    DISCLOSURE_API_TOKEN="",
    REQUIRE_2FA="false",  # tests of what it asks for switch it on
    SSO_ISSUER="",
    SSO_CLIENT_ID="",
    SSO_CLIENT_SECRET="",
    SSO_SECOND_FACTOR="false",
    SSO_CREATES_USERS="false",
    MAX_FILE_SIZE=str(100 * 1024 * 1024),
    ANONYMOUS_READ="true",
    TRUSTED_PROXIES="",
    METRICS_ALLOWED="127.0.0.1,::1",
    HOST="127.0.0.1",
    PORT="8443",
    WORKERS="2",
    THREADS="8",
    TLS_CERT="",
    TLS_KEY="",
)
# WhiteNoise warns when it is not there.
(FOLDER / "static").mkdir(exist_ok=True)
