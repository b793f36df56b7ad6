"""Texts that speak of the same thing come together, the same way every time."""

from hypothesis import given
from hypothesis import strategies as st

from app.core.grouping import grouped
from app.core.lemmas import lemmas


def of(texts: list[str]) -> list[list[str]]:
    return [group.members for group in grouped([(text, frozenset(lemmas(text))) for text in texts])]


def test_texts_of_one_subject_are_one_group_and_the_largest_comes_first() -> None:
    snow = "Когда уберут снег?"
    loans = ["взять новую субсидию?", "получить новую субсидию", "новые субсидии есть?"]
    assert of([snow, *loans]) == [loans, [snow]]


def test_a_group_tells_its_commonest_words() -> None:
    texts = ["новая субсидия", "условия новой субсидии", "субсидии"]
    (group,) = grouped([(text, frozenset(lemmas(text))) for text in texts])
    assert group.words(2) == ["субсидия", "новый"]


def test_a_text_without_words_belongs_to_no_group() -> None:
    assert of(["!!!", ""]) == []


@given(st.lists(st.frozensets(st.sampled_from("абвгдежз"), max_size=4), max_size=30))
def test_every_text_with_words_stands_in_one_group(texts: list[frozenset[str]]) -> None:
    groups = grouped(list(enumerate(texts)))
    assert sorted(place for group in groups for place in group.members) == [n for n, one in enumerate(texts) if one]
    sizes = [len(group.members) for group in groups]
    assert sizes == sorted(sizes, reverse=True)
