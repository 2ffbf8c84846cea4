"""The package that the demo builds on the spot."""

import subprocess
import sys
from pathlib import Path

NAME = "gatehouse-greeting"
MODULE = "gatehouse_greeting"

_PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "{version}"
description = "Says hello from the registry that it came through"
requires-python = ">=3.8"
"""


def build(folder: Path, version: str) -> list[Path]:
    """Build a wheel and an sdist of ``version`` under ``folder``; returns both, the wheel first.

    Raises subprocess.CalledProcessError, with the output, when the build fails. Needs no network: the build
    backend is installed beside this program.
    """
    source = folder / f"source-{version}"
    (source / MODULE).mkdir(parents=True)
    (source / "pyproject.toml").write_text(_PYPROJECT.format(name=NAME, version=version))
    (source / MODULE / "__init__.py").write_text(f'GREETING = "Hello from {NAME} {version}"\n')
    out = folder / f"dist-{version}"
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(source)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return sorted(out.iterdir(), key=lambda path: path.suffix != ".whl")
