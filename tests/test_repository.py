"""What is in the repository: no trace of a machine, and every setting told."""

import re
import subprocess
from pathlib import Path

import pytest

from registry import settings

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = (ROOT / ".env.example").read_text()
# Pieced together, so that this file does not hold them itself.
FORBIDDEN = {
    "a folder of a machine": re.compile("(?<![A-Za-z0-9._~-])/(?:" + "work|root|home|Users" + ")/[a-z]"),
    "a package registry's host": re.compile(
        r"py" + r"pi\.org|pythonhosted" + r"\.org|npm" + r"js\.(?:org|com)|deb\.debian" + r"\.org"
    ),
    "a mark of an unsolved merge": re.compile("^(?:<{7}|>{7}) ", re.MULTILINE),
}
# Settings that only tools set: the tests and the demo keep their static files apart.


def tracked() -> list[Path]:
    """The repository's text files, those not yet committed too."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("this is no git repository")
    paths = [ROOT / name for name in listed.stdout.splitlines()]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:8000]]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str):
    holding = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in tracked()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if FORBIDDEN[what].search(line)
    ]
    assert not holding


def told() -> dict[str, str]:
    """The settings of .env.example and their values there, commented out or not."""
    return dict(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=(.*)$", EXAMPLE, re.MULTILINE))


def read() -> set[str]:
    """The settings that the code reads from the environment."""
    calls = (
        r"env\.(?:env\.str|flag|whole|rate|words|hosts|redis|mail|matching|site_url|web_address|database|files)"
        r'\(\s*"([A-Z0-9_]+)"'
    )
    calls += r'|os\.environ\.get\("([A-Z0-9_]+)"'
    sources = [ROOT / "registry" / "settings.py", ROOT / "registry" / "serving" / "options.py"]
    found = (match for source in sources for match in re.findall(calls, source.read_text()))
    return {first or second for first, second in found}


def test_every_setting_is_told_in_the_example():
    assert read() - set(told()) == set()


def test_the_example_tells_no_setting_that_nobody_reads():
    assert set(told()) - read() == set()


@pytest.mark.parametrize(
    "name",
    [
        "SITE_NAME",
        "MAX_FILE_SIZE",
        "ANONYMOUS_READ",
        "OIDC_ENABLED",
        "UPLOAD_TOKEN_TTL",
        "TOKEN_PREFIX",
        "PENDING_PUBLISHER_TTL_DAYS",
        "PENDING_PUBLISHERS_PER_USER",
        "EXCHANGE_RETENTION_DAYS",
        "SIGNUP_OPEN",
    ],
)
def test_the_example_tells_the_default(name: str):
    # tests.environment sets these to their defaults, so that settings holds what an empty environment gives.
    assert told()[name].lower() == str(getattr(settings, name)).lower()
