"""Other spellings of a token: padding, other alphabets, other dots. A token has one."""

from collections.abc import Callable

import pytest

from demo.signing import encoded
from tests.attacks.forging import PAYLOAD, Attack, Make, Target, decoded

# -- spellings of a token ------------------------------------------------------------------------------------------

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def respelt(number: int, change: Callable[[str], str]) -> Make:
    """A granted token of which one segment (0: header) is written otherwise; RS256 leaves four bits at its end."""

    def make(target: Target) -> str:
        segments = target.token().split(".")
        segments[number] = change(segments[number])
        return ".".join(segments)

    return make


def with_dots(dot: str) -> Make:
    """A granted token, joined by something else."""
    return lambda target: target.token().replace(".", dot)


def next_letter(segment: str) -> str:
    """The same octets, with the bits that follow them set."""
    return segment[:-1] + ALPHABET[ALPHABET.index(segment[-1]) + 1]


def plain(segment: str) -> str:
    """In the alphabet of plain base64, and different from base64url."""
    return (segment[:-2] + "-_").replace("-", "+").replace("_", "/")


SPELLINGS = [
    *(
        Attack(f"{what} in the {where}", respelt(number, change), PAYLOAD)
        for number, where in enumerate(("header", "payload", "signature"))
        for what, change in {
            "padding": lambda segment: segment + "=" * (-len(segment) % 4 or 4),
            "one '='": lambda segment: segment + "=",
            "plain base64": plain,
            "a space": lambda segment: f"{segment[:5]} {segment[5:]}",
            "a line break": lambda segment: f"{segment[:5]}\n{segment[5:]}",
            "a carriage return": lambda segment: f"{segment}\r",
            "a tab": lambda segment: f"\t{segment}",
            "a NUL": lambda segment: f"{segment}\x00",
            "a zero-width space": lambda segment: f"{segment[:5]}\u200b{segment[5:]}",
            "a full-width letter": lambda segment: f"\uff41{segment[1:]}",
            "a percent escape": lambda segment: f"%{ord(segment[0]):02X}{segment[1:]}",
            "nothing": lambda _segment: "",
        }.items()
        if not (where == "signature" and what == "nothing")
    ),
    Attack("leftover bits in the signature", respelt(2, next_letter), PAYLOAD),
    *(
        Attack(f"dots that are {name}", with_dots(dot), PAYLOAD)
        for name, dot in {
            "leaders": "\u2024",
            "full-width": "\uff0e",
            "ideographic": "\u3002",
            "middle": "\u00b7",
            "doubled": "..",
            "commas": ",",
            "escaped": "%2E",
        }.items()
    ),
    Attack("a space before", lambda target: f" {target.token()}", PAYLOAD),
    Attack("a line break behind", lambda target: f"{target.token()}\n", PAYLOAD),
    Attack("a byte order mark before", lambda target: f"\ufeff{target.token()}", PAYLOAD),
    Attack("quotes around", lambda target: f'"{target.token()}"', PAYLOAD),
    Attack("a dot behind", lambda target: f"{target.token()}.", PAYLOAD),
    Attack("a dot before", lambda target: f".{target.token()}", PAYLOAD),
    Attack("a fourth segment", lambda target: f"{target.token()}.AAAA", PAYLOAD),
    Attack("two tokens", lambda target: f"{target.token()},{target.token()}", PAYLOAD),
    Attack("header and payload swapped", lambda target: "{1}.{0}.{2}".format(*target.token().split(".")), PAYLOAD),
    Attack("the payload twice", lambda target: "{0}.{1}.{1}".format(*target.token().split("."))),
    Attack("upside down", lambda target: ".".join(reversed(target.token().split("."))), PAYLOAD),
    Attack("no signature and no dot", lambda target: target.token().rpartition(".")[0], PAYLOAD),
    Attack("no signature", lambda target: target.token().rpartition(".")[0] + "."),
    Attack("half a signature", respelt(2, lambda segment: encoded(decoded(segment)[:128]))),
    Attack("half a payload", lambda target: "{}.{:.400}.{}".format(*target.token().split(".")), PAYLOAD),
    Attack("another token's signature", respelt(2, lambda _segment: encoded(b"\1" * 256))),
    Attack("65 KiB of signature", lambda target: target.token() + "A" * 62_000),
]  # fmt: skip


@pytest.mark.parametrize("case", SPELLINGS, ids=str)
def test_a_token_has_one_spelling(case, target, attack):
    assert attack(case.make(target)).code == case.code
