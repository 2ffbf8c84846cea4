"""What the lines of a mail's text become in its HTML, and that strangers' words stay words."""

import re

import pytest

from registry.mailhtml import html
from tests.markup import Markup

SITE = "https://localhost:8443"
FOOTER = f"\n\nYou get this mail as an owner of x.\nGatehouse, {SITE}\n"


def main_of(text: str) -> str:
    """What stands below the heading, without the spaces between elements."""
    page = re.sub(r">\s+<", "><", html("[Gatehouse] Subject", text))
    return page.partition("</h1>")[2].partition("</main>")[0].strip()


def button(path: str, words: str) -> str:
    return f'<p><a class="button" href="{SITE}{path}">{words}</a></p>'


CONFIRM = button("/account/confirm-email/KEY/", "Confirm the address")
TEXTS = ["{}", "He said: {}", "It trusts:\n\n  Owner: {}\n", "- {}\n- {}", "{}: {}\n", "a {} b", "a {}."]
SUBJECTS = ["[Gatehouse] Password changed", "[localhost:8443] Password changed", "Password changed"]


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("A sentence.\n", "<p>A sentence.</p>"),
        ("One.\nTwo.\n\nThree.\n", '<p>One.</p><p class="next">Two.</p><p>Three.</p>'),
        ("It trusts:\n\n  one\n  two\n", "<p>It trusts:</p><ul><li>one</li><li>two</li></ul>"),
        ("It is:\n- one\n- two\n", "<p>It is:</p><ul><li>one</li><li>two</li></ul>"),
        ("Why: a log\n", '<p><span class="label">Why:</span> a log</p>'),
        ("  Owner: octo-org\n", '<ul><li><span class="label">Owner:</span> octo-org</li></ul>'),
        (
            f"Remove it: {SITE}/manage/project/x/settings/publishing/\nElse not.\n",
            (
                f"<p>Remove it:</p>{button('/manage/project/x/settings/publishing/', 'Open the publishers')}"
                "<p>Else not.</p>"
            ),
        ),
        (
            f"All: {SITE}/a/\nGo to {SITE}/account/confirm-email/KEY/\n",
            f'<p><a href="{SITE}/a/">All</a></p><p class="next">Go to</p>{CONFIRM}',
        ),
        (f"{SITE}/b/?c=d.&e\n", button("/b/?c=d.&amp;e", "Open the page")),
        (f"It is at {SITE}/admin/.\n", f'<p>It is at <a href="{SITE}/admin/">{SITE}/admin/</a>.</p>'),
    ],
)
def test_what_lines_become(text: str, becomes: str):
    assert main_of(text) == becomes
    assert main_of(text + FOOTER) == becomes


@pytest.mark.parametrize(
    "said",
    [
        "https://evil.example/",
        "https://localhost:8443.evil.example/",
        "https://localhost:84430/",
        "https://localhost:8443@evil.example/",
        "https://evil.example/#https://localhost:8443/",
        "xhttps://localhost:8443/",
        "http://localhost:8443/",
        "HTTPS://LOCALHOST:8443/account/",
        "javascript:alert(1)",
        "www.evil.example",
        "mailto:all@evil.example",
        '<a href="https://evil.example/">here</a>',
        '"><a href="https://evil.example/">',
        "[here](https://evil.example/)",
        "<script>alert(1)</script>",
        "</style></p></main><iframe src=x>",
        "&lt;b&gt; &#60;b&#62;",
    ],
)
@pytest.mark.parametrize("text", TEXTS)
def test_what_strangers_say_is_shown_and_leads_nowhere(said: str, text: str):
    text = text.replace("{}", said)
    page = Markup(html(f"[Gatehouse] {said}", text))
    assert page.links == [SITE]
    expected = [" ".join(line.removeprefix("- ").split()) for line in text.splitlines() if line.strip()]
    assert page.lines == ["Gatehouse", said, *expected]
    assert {tag for tag, _ in page.elements}.isdisjoint({"script", "iframe", "img", "b"})


def test_no_mail_program_finds_an_address_of_others_in_one_piece():
    page = html("x", "The run: https://evil.example/a@b.example")
    assert "<wbr>evil.<wbr>example/<wbr>a@<wbr>b.<wbr>example" in page


def test_the_last_paragraph_is_the_footer_if_it_ends_as_ours():
    page = html("[Gatehouse] Subject", "Text." + FOOTER)
    footer = page.partition("<footer")[2]
    assert "You get this mail as an owner of x." in footer
    assert f'Gatehouse, <a href="{SITE}">{SITE}</a>' in footer
    assert "<footer" not in html("[Gatehouse] Subject", "Text.\n\nThank you for using Gatehouse.\n")


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_registrys_name_stands_above_the_subject_once(subject: str):
    assert Markup(html(subject, "Text.")).lines[:2] == ["Gatehouse", "Password changed"]
