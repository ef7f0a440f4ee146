"""Keys that occur twice, counted exactly, without keeping one."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from adapters.quality.areas import FEWEST, guarded
from adapters.quality.dates import mirrored
from adapters.quality.keys import Digests, Keys, Repeated


@given(st.lists(st.tuples(st.text(max_size=3), st.integers(0, 3))))
def test_repeated__any_keys__as_a_dictionary_would_count(pairs: list[tuple[str, int]]) -> None:
    """Sorting digests by bucket finds what a dictionary of the keys themselves finds."""
    digests, keys = Digests(), Keys()
    plain: dict[str, set[int]] = defaultdict(set)
    for text, group in pairs:
        keys.add(digests.of(text), group)
        plain[text].add(group)

    several = [len(groups) for groups in plain.values() if len(groups) > 1]
    assert keys.repeated() == Repeated(len(plain), len(several), sum(several))


@given(
    st.lists(st.text(max_size=4), min_size=1, max_size=4),
    st.lists(st.text(max_size=4), min_size=1, max_size=4),
)
def test_digest__other_texts__another_one(one: list[str], other: list[str]) -> None:
    """Parts never run into one another."""
    digests = Digests()

    assert (digests.of(*one) == digests.of(*other)) == (one == other)


def test_digest__another_run__another_one() -> None:
    """What one run kept tells the next one nothing."""
    assert Digests().of("1000000017") != Digests().of("1000000017")


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=12), st.booleans())
def test_guarded__any_counts__the_total_tells_no_small_one(pairs: list[tuple[int, int]], parts: bool) -> None:
    """No count from 1 to 9 is shown, of a share neither its rest; and what is hidden is at least two cells
    and ten records on either side, or all."""
    counts = [count for count, _ in pairs]
    wholes = [count + rest for count, rest in pairs] if parts else None
    shown = guarded(counts, wholes)

    rests = [rest if parts else FEWEST for _, rest in pairs]
    hidden = [at for at, told in enumerate(shown) if told is None]
    assert all(told is None or told == 0 or told >= FEWEST for told in shown)
    assert all(rests[at] == 0 or rests[at] >= FEWEST for at, told in enumerate(shown) if told is not None)
    sums = [sum(counts[at] for at in hidden), sum(rests[at] for at in hidden)]
    assert not hidden or len(hidden) == len(counts) or (len(hidden) > 1 and min(sums) >= FEWEST)
    assert all(told in (None, count) for count, told in zip(counts, shown, strict=True))


@given(st.dates())
def test_mirrored__day_and_month_exchanged__the_same_text(day: object) -> None:
    """Both readings of one date meet; a date with one reading meets nothing."""
    text = str(day)
    year, month, of_month = text.split("-")
    either = mirrored(text)

    assert (either is None) == (month == of_month or int(of_month) > 12)
    assert either is None or either == mirrored(f"{year}-{of_month}-{month}")
