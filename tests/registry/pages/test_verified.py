"""Which links are a publisher's own."""

import pytest

from registry.pages.verified import is_verified

OWN = ["https://github.com/octo-org/sampleproject", "https://octo-org.github.io/sampleproject"]


@pytest.mark.parametrize(
    ("url", "verified"),
    [
        ("https://github.com/octo-org/sampleproject", True),
        ("https://github.com/octo-org/sampleproject/", True),
        ("https://github.com/octo-org/sampleproject.git", True),
        ("https://GitHub.com/Octo-Org/SampleProject/tree/main#readme", True),
        ("https://github.com/octo-org/sampleproject/issues?q=a", True),
        ("https://octo-org.github.io/sampleproject/docs/", True),
        ("http://github.com/octo-org/sampleproject", False),
        ("https://github.com/octo-org/sampleproject2", False),
        ("https://github.com/octo-org", False),
        ("https://github.com/octo-org/sampleproject/../other", False),
        ("https://github.com/octo-org/sampleproject/%2e%2e/other", False),
        ("https://github.com/octo-org/sampleproject/..%2fother", False),
        ("https://github.com/octo-org/sampleproject\\..\\other", False),
        ("https://github.com/octo-org/sampleproject/..", False),
        ("https://github.com@evil.example/octo-org/sampleproject", False),
        ("https://github.com:444/octo-org/sampleproject", False),
        ("https://github.com.evil.example/octo-org/sampleproject", False),
        ("https://evil.example/https://github.com/octo-org/sampleproject", False),
        ("https://github.com/octo-org/sampleproject\n", False),
        (" https://github.com/octo-org/sampleproject", False),
        ("https://octo-org.github.io/other", False),
        ("https://[", False),
        ("", False),
    ],
)
def test_only_what_lies_below(url, verified):
    assert is_verified(url, OWN) is verified


def test_nothing_is_without_a_publisher():
    assert not is_verified("https://github.com/octo-org/sampleproject", [])
