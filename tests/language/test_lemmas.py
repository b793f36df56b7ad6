"""Dictionary forms of words, including hostile input."""

import pytest

from app.language.lemmas import lemma, lemmas


@pytest.mark.parametrize(("word", "form"), [("субсидий", "субсидия"), ("Предпринимателям", "предприниматель")])
def test_a_word_has_its_dictionary_form(word: str, form: str) -> None:
    assert lemma(word) == form


@pytest.mark.parametrize("word", ["\U00018021", "\U00018021а", "по-" * 2_000 + "по", "й" * 10_000, "ß", "№"])
def test_a_non_word_is_analyzed_without_an_error(word: str) -> None:
    """U+18021 is a Tangut letter without its own Unicode name; a word with thousands of hyphens is not analyzed."""
    assert lemma(word)
    assert isinstance(lemmas(f"субсидия {word} грант"), dict)
