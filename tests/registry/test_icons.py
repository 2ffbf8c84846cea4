"""Icons within pages: hidden from screen readers, in the text's colour, each drawn once."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import TemplateDoesNotExist

from publishers.providers import PROVIDERS
from registry.templatetags.icons import icon, symbols

FOLDER = Path(settings.BASE_DIR) / "templates" / "parts" / "icons"
NAMES = sorted(str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.rglob("*.svg"))


@pytest.mark.parametrize("name", NAMES)
def test_an_icon_says_where_it_is_from_and_nothing_to_a_screen_reader(name: str):
    written = (FOLDER / f"{name}.svg").read_text()
    assert re.match(r'\{# (Lucide "[^"]+", ISC licence|Simple Icons "[^"]+", CC0) #\}<svg ', written)
    assert 'aria-hidden="true"' in icon(name)
    assert "<title" not in icon(name)
    # Light and dark differ in the text's colour only.
    assert not re.search(r'(?:fill|stroke)="(?!none|currentColor)', icon(name))


@pytest.mark.parametrize("name", NAMES)
def test_each_can_be_drawn_once_for_many_uses(name: str):
    drawn = symbols(name, also=[name])
    assert drawn.count(f'<symbol id="icon-{name}" viewBox="0 0 24 24"') == 1
    assert "<svg class=" not in drawn[1:]
    assert ('class="brand"' in drawn) == name.startswith("brands/")


@pytest.mark.parametrize("kind", PROVIDERS.values(), ids=PROVIDERS)
def test_each_provider_has_one(kind):
    assert icon(kind.icon).startswith("<svg")


def test_one_that_is_not_there_is_a_mistake():
    with pytest.raises(TemplateDoesNotExist):
        icon("no-such")
