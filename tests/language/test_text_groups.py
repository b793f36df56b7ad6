"""Texts on the same subject are grouped deterministically."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from app.language.lemmas import lemmas
from app.language.text_groups import TextGroup, group_texts


def group_members(texts: list[str]) -> list[list[str]]:
    return [group.members for group in group_texts([(text, frozenset(lemmas(text))) for text in texts])]


def test_texts_on_one_subject_form_one_group_and_the_largest_is_first() -> None:
    snow = "Когда уберут снег?"
    loans = ["взять новую субсидию?", "получить новую субсидию", "новые субсидии есть?"]
    assert group_members([snow, *loans]) == [loans, [snow]]


def test_a_group_has_its_most_common_words() -> None:
    texts = ["новая субсидия", "условия новой субсидии", "субсидии"]
    (group,) = group_texts([(text, frozenset(lemmas(text))) for text in texts])
    assert group.words(2) == ["субсидия", "новый"]


def test_a_text_without_words_is_in_no_group() -> None:
    assert group_members(["!!!", ""]) == []


@given(st.lists(st.frozensets(st.sampled_from("абвгдежзийклмн"), min_size=1, max_size=9), max_size=40))
def test_skipping_common_words_does_not_change_the_groups(texts: list[frozenset[str]]) -> None:
    """The result equals comparing every text with every group."""
    groups: list[TextGroup[int]] = []
    for place, words in enumerate(texts):
        squares = [
            (Fraction(sum(group.lemmas[one] for one in words) ** 2, group.length * len(words)), -number)
            for number, group in enumerate(groups)
        ]
        best = max(squares, default=None)
        if best is None or best[0] < Fraction(16, 100):
            groups.append(TextGroup())
            best = (Fraction(1), 1 - len(groups))
        groups[-best[1]].join(place, words)
    groups.sort(key=lambda group: -len(group.members))
    assert [group.members for group in group_texts(list(enumerate(texts)))] == [group.members for group in groups]


def test_texts_that_share_only_common_words_are_not_grouped() -> None:
    texts = [(n, frozenset([*(f"а{n}-{m}" for m in range(20)), "б", "в", "г"])) for n in range(1_000)]
    assert len(group_texts(texts)) == 1_000


@given(st.lists(st.frozensets(st.sampled_from("абвгдежз"), max_size=4), max_size=30))
def test_every_text_with_words_is_in_exactly_one_group(texts: list[frozenset[str]]) -> None:
    groups = group_texts(list(enumerate(texts)))
    assert sorted(place for group in groups for place in group.members) == [n for n, one in enumerate(texts) if one]
    sizes = [len(group.members) for group in groups]
    assert sizes == sorted(sizes, reverse=True)
