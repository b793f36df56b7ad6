"""The words of a text that say what it is about, each with the dictionary forms it may stand for."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.language.lemmas import find_words
from app.language.normalization import normalize
from app.reply_templates.search.rules.transliteration import find_spellings

MAX_WORDS = 400
"""Of a text so many words are looked at: a message of 10,000 characters has them; the rest repeats itself."""
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
"""Words of any message: they tell templates from one another by chance only."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it was written, with the dictionary forms it may stand for, the likeliest first."""

    written: str
    forms: tuple[str, ...]

    @property
    def form(self) -> str:
        """The likeliest dictionary form."""
        return self.forms[0]

    @property
    def is_stop_word(self) -> bool:
        """Whether the word says nothing about the text's subject."""
        return self.form in STOP_WORDS or (self.form.isdigit() and len(self.form) > _MAX_DIGITS)


def tokenize(text: str) -> Iterator[Word]:
    """All words of a text in order, stop words too; a compound gives its parts, unless it has a digit («44-ФЗ»)."""
    for whole in find_words(text):
        is_number = any(character.isdigit() for character in whole)
        for part in [whole] if is_number else whole.split("-"):
            yield Word(part, find_spellings(part))


def select_search_words(text: str) -> str:
    """What a search by words looks at: the text as it is compared, and on a line of its own the forms of its words.

    Blanks stand around every form, so that a whole form can be told from a part of a word.
    """
    forms = dict.fromkeys(form for word in tokenize(text) for form in word.forms)
    return f"{normalize(text)}\n {' '.join(forms)} "


def load_forms(text: str) -> list[str]:
    """The likeliest dictionary forms of a text's telling words, in order, repeated ones too."""
    return [word.form for word in tokenize(text) if not word.is_stop_word]
