"""Words and their dictionary forms, whatever a client writes."""

import pytest

from app.language.lemmas import lemma, lemmas


@pytest.mark.parametrize(("word", "form"), [("субсидий", "субсидия"), ("Предпринимателям", "предприниматель")])
def test_a_word_has_its_dictionary_form(word: str, form: str) -> None:
    assert lemma(word) == form


@pytest.mark.parametrize("word", ["\U00018021", "\U00018021а", "по-" * 2_000 + "по", "й" * 10_000, "ß", "№"])
def test_a_word_of_no_language_is_read_as_it_stands(word: str) -> None:
    """U+18021 is a letter (Tangut) without a name of its own in Unicode; thousands of hyphens are no word."""
    assert lemma(word)
    assert isinstance(lemmas(f"субсидия {word} грант"), dict)
