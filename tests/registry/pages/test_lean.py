"""Templates lose their indentation when they are loaded, and nothing else."""

import pytest
from django.conf import settings
from django.template import engines

from registry.pages.lean import lean


@pytest.mark.parametrize(
    ("written", "loaded"),
    [
        ("<p>\n    one\n    two\n</p>", "<p>\none\ntwo\n</p>"),
        ("<a\n\t   href=x>", "<a\nhref=x>"),
        ("one\n\n    {% if x %}\n        two\n    {% endif %}", "one\n\n{% if x %}\ntwo\n{% endif %}"),
        ("  first  second \n", "  first  second \n"),
        ("  <pre>a\n  b</pre>\n  c", "  <pre>a\n  b</pre>\nc"),
        ("\n <PRE data-copy><code>a\n  b</code></PRE>\n <p>", "\n<PRE data-copy><code>a\n  b</code></PRE>\n<p>"),
        ("<textarea\n  id=x>\n  a</textarea>\n  b", "<textarea\n  id=x>\n  a</textarea>\nb"),
        ("<script>\n  a\n</script>\n  <style>\n  b</style>", "<script>\n  a\n</script>\n<style>\n  b</style>"),
        # What only begins alike is none of these.
        ("<prefix>\n  a</prefix>", "<prefix>\na</prefix>"),
    ],
)
def test_indentation_goes_where_nobody_sees_it(written, loaded):
    assert lean(written) == loaded
    assert lean(loaded) == loaded
    assert written.count("\n") == loaded.count("\n")


def source_of(name: str, engine: str = "django") -> str:
    return str(engines[engine].get_template(name).template.source)  # type: ignore[attr-defined]  # Django's own


def test_the_pages_are_loaded_so():
    assert "\n    " not in source_of("error.html")
    assert source_of("parts/tools.html").count("\n  twine upload") == 1


@pytest.mark.parametrize("engine", ["django", "text"])
def test_texts_stay_as_they_are(engine):
    """Mails are lines: what stands at their beginning is meant."""
    name = "mails/publisher-added.txt"
    assert source_of(name, engine) == (settings.BASE_DIR / "templates" / name).read_text()
