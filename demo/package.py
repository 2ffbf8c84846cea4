"""The package that the demo builds on the spot."""

import subprocess
import sys
from pathlib import Path

NAME = "gatehouse-greeting"
MODULE = "gatehouse_greeting"
SUMMARY = "Says hello from the registry that it came through"

_PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "{version}"
description = "{summary}"
requires-python = ">=3.8"
"""


def build(folder: Path, version: str, name: str = NAME, summary: str = SUMMARY) -> list[Path]:
    """Build a wheel and an sdist of ``version`` under ``folder``; returns both, the wheel first.

    Raises subprocess.CalledProcessError, with the output, when the build fails. Needs no network: the build
    backend is installed beside this program.
    """
    module = name.replace("-", "_")
    source = folder / f"source-{name}-{version}"
    (source / module).mkdir(parents=True)
    (source / "pyproject.toml").write_text(_PYPROJECT.format(name=name, version=version, summary=summary))
    (source / module / "__init__.py").write_text(f'GREETING = "Hello from {name} {version}"\n')
    out = folder / f"dist-{name}-{version}"
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(source)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return sorted(out.iterdir(), key=lambda path: path.suffix != ".whl")
