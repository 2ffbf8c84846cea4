"""Imports point one way: tokens, publishers, registry."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Each may import itself and what stands behind it.
LAYERS = ("tokens", "publishers", "registry")
BESIDE = frozenset({"tests", "demo", "bench"})

MODULES = sorted(path.relative_to(ROOT).as_posix() for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_nothing_from_above(module: str):
    layer = module.partition("/")[0]
    forbidden = BESIDE | set(LAYERS[: LAYERS.index(layer)])
    upward = [name for name in imported_by(ROOT / module) if name.partition(".")[0] in forbidden]
    assert not upward


def test_relative_imports_are_seen(tmp_path: Path):
    (tmp_path / "module.py").write_text("def f():\n    from tokens import models\n    import tests.server\n")
    assert list(imported_by(tmp_path / "module.py")) == ["tokens", "tests.server"]


def imported_by(path: Path) -> Iterator[str]:
    """The modules that a file names in its import statements, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} uses a relative import"
            yield node.module or ""
