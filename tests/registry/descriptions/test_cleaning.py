"""Rendered texts, fitted into a page of ours."""

import pytest

from registry.descriptions.cleaning import fitted


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<h1>A</h1><h5>B</h5>", "<h3>A</h3><h6>B</h6>"),
        ('<p id="main">x</p>', '<p id="user-content-main">x</p>'),
        ('<a href="#part">x</a>', '<a href="#user-content-part">x</a>'),
        ('<a href="#user-content-part">x</a>', '<a href="#user-content-part">x</a>'),
        ('<a href="https://e.example/?a=1&amp;b=2" rel="nofollow">x</a>',
         '<a href="https://e.example/?a=1&amp;b=2" rel="nofollow noopener">x</a>'),
        ('<a href="mailto:a@b.example">x</a>', '<a href="mailto:a@b.example" rel="nofollow noopener">x</a>'),
        ('<a href="/account/logout/">x</a>', "<a>x</a>"),
        ('<a href="docs/a.md">x</a>', "<a>x</a>"),
        ('<a href="//e.example/">x</a>', "<a>x</a>"),
        ('<a href="javascript:alert(1)">x</a>', "<a>x</a>"),
        ('<h1>A<a href="#a"></a></h1>', "<h3>A</h3>"),
        ('<img src="https://e.example/a.png" alt="A logo">',
         '<a href="https://e.example/a.png" rel="nofollow noopener">Image: A logo</a>'),
        ('<img src="https://e.example/a.png">', '<a href="https://e.example/a.png" rel="nofollow noopener">Image</a>'),
        ('<img src="logo.png" alt="A <b>logo">', "A &lt;b&gt;logo"),
        ('<a href="https://ci.example/"><img src="https://b.example/x.svg" alt="build"></a>',
         '<a href="https://ci.example/" rel="nofollow noopener">build</a>'),
        ('<a href="https://ci.example/"><img src="https://b.example/x.svg"></a>',
         '<a href="https://ci.example/" rel="nofollow noopener">Image</a>'),
        ('<div class="notice bad">x</div>', "<div>x</div>"),
        ('<span class="kn">import</span><span class="chip">x</span>', '<span class="kn">import</span><span>x</span>'),
        ('<li><input type="checkbox" checked="" disabled=""> a</li>', "<li>☑ a</li>"),
        ('<li><input type="checkbox" disabled=""> a</li>', "<li>☐ a</li>"),
        ("<table><thead><tr><th></th><th></th></tr></thead><tr></tr></table>", "<table><tr></tr></table>"),
        ("a &lt;img src=x&gt; b", "a &lt;img src=x&gt; b"),
    ],
)  # fmt: skip
def test_it_fits(html, expected):
    assert fitted(html, deeper=2, own=False) == expected


def test_our_own_texts_link_to_our_own_addresses():
    assert fitted('<a href="/help/apply/">x</a>', deeper=0, own=True) == '<a href="/help/apply/">x</a>'
    assert fitted('<a href="//e.example/">x</a>', deeper=0, own=True) == "<a>x</a>"
