"""At most so many in any span, and when the next one may come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.counting import slices
from registry.counting.in_memory import SharedCounts
from registry.rates import Rate

PER_MINUTE = Rate(3, 60)


@pytest.mark.parametrize(
    ("counts", "second", "seconds"),
    [
        # Newest slice first, of ten seconds each; ``second`` is that of the newest slice.
        ((0, 0, 0, 0, 0, 0, 0), 0, 0),
        ((2, 0, 0, 0, 0, 0, 0), 5, 0),
        ((3, 0, 0, 0, 0, 0, 0), 0, 70),
        ((3, 0, 0, 0, 0, 0, 0), 9.5, 61),
        ((0, 3, 0, 0, 0, 0, 0), 0, 60),
        ((0, 0, 0, 0, 0, 0, 3), 0, 10),
        ((0, 0, 0, 0, 0, 0, 3), 9.99, 1),
        ((1, 0, 0, 1, 0, 0, 1), 4, 6),
        ((2, 0, 0, 0, 0, 1, 0), 4, 16),
        ((2, 0, 0, 2, 0, 0, 2), 0, 40),
        ((9, 0, 0, 0, 0, 0, 1), 0, 70),
    ],
)
def test_when_the_next_one_may_come(counts, second, seconds):
    assert slices.wait(counts, 6000 + second, PER_MINUTE) == seconds


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (0, (1, 2, 3, 4, 5, 6, 7)),
        (1, (0, 1, 2, 3, 4, 5, 6)),
        (6, (0, 0, 0, 0, 0, 0, 1)),
        (7, (0,) * 7),
        (10**9, (0,) * 7),
    ],
)
def test_what_is_old_is_forgotten(by, expected):
    assert slices.aged((1, 2, 3, 4, 5, 6, 7), by) == expected


rates = st.builds(Rate, st.integers(1, 5), st.sampled_from([1, 60, 3600]))


@given(rate=rates, pauses=st.lists(st.floats(0, 2), min_size=1, max_size=80))
def test_never_more_than_the_rate_in_any_span_and_the_wait_is_true(rate, pauses):
    moments = [0.0]

    def now():
        return moments[0]

    counts, taken, asked = SharedCounts(now), [], 0
    for pause in pauses:
        moments[0] += pause * rate.seconds / rate.most
        asked = counts.spend("k", rate)
        if asked == 0:
            taken.append(now())
    assert all(sum(begin <= moment < begin + rate.seconds for moment in taken) <= rate.most for begin in taken)
    if asked:
        assert asked <= slices.lifetime(rate) + 1
        before = now()
        if asked > 1:
            moments[0] = before + asked - 1
            assert counts.spend("k", rate)
        moments[0] = before + asked
        assert counts.spend("k", rate) == 0
