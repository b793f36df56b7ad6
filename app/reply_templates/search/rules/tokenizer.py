"""Split a text into words with their possible dictionary forms."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.language.lemmas import find_words
from app.language.normalization import normalize
from app.reply_templates.search.rules.transliteration import find_spellings

MAX_WORDS = 400
"""The maximum number of words analyzed per text."""
_MAX_DIGITS = 4

STOP_WORDS = frozenset(
    """
    а без бы быть в вам вас ваш весь во вот вы где да даже для до другой его ее если есть еще же за здесь и из или им
    иметь их к как какой кто когда который ко ли либо меня мне мной много мой можно мочь мы на наш наша не нельзя нет
    ни но ну о об один он она они оно от очень по под при про раз с сам самый свой себя сейчас со так такой там то
    тоже только тот ты у уже хотеть хотеться хотя чей чем что чтобы чуть это этот я около после перед через между
    над потому поэтому почему куда откуда либо нибудь ведь лишь зачем сколько
    здравствуйте здравствовать привет добрый день вечер утро ночь доброе заранее уважаемый
    пожалуйста подсказать подсказывать сказать сообщить спросить просить просьба вопрос
    объяснить помогите интересовать интересно интересоваться узнать знать понять понимать
    нужно надо нужный должный делать сделать необходимо являться давать дать
    """.split()  # noqa: SIM905  a hundred quoted words are harder to read
)
"""Common words that do not help to distinguish templates."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word as written, with its possible dictionary forms, the likeliest first."""

    written: str
    forms: tuple[str, ...]

    @property
    def form(self) -> str:
        """Return the likeliest dictionary form."""
        return self.forms[0]

    @property
    def is_stop_word(self) -> bool:
        """Return whether the word says nothing about the subject of the text."""
        return self.form in STOP_WORDS or (self.form.isdigit() and len(self.form) > _MAX_DIGITS)


def tokenize(text: str) -> Iterator[Word]:
    """Yield the words of a text in order, with stop words; a compound is split unless it has a digit («44-ФЗ»)."""
    for whole in find_words(text):
        is_number = any(character.isdigit() for character in whole)
        for part in [whole] if is_number else whole.split("-"):
            yield Word(part, find_spellings(part))


def select_search_words(text: str) -> str:
    """Return the search text: the normalized text and, on a second line, the dictionary forms of its words.

    Every form is surrounded by spaces, so that a whole form can be distinguished from a part of a word.
    """
    forms = dict.fromkeys(form for word in tokenize(text) for form in word.forms)
    return f"{normalize(text)}\n {' '.join(forms)} "


def load_forms(text: str) -> list[str]:
    """Return the likeliest dictionary forms of a text's significant words, in order, with repetitions."""
    return [word.form for word in tokenize(text) if not word.is_stop_word]
