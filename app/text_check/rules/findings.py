"""Findings of the check: rule codes, severities and positions in code points."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Severity(StrEnum):
    """The severity of a finding: an error blocks sending, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class RuleCode(StrEnum):
    """The code of a rule; each rule can be switched off separately."""

    PLACEHOLDER_MISSING = "placeholder_missing"
    TOO_LONG = "too_long"
    EMOJI_NOT_POSITIVE = "emoji_not_positive"
    EMOJI_NOT_SOCIAL = "emoji_not_social"
    PERSONAL_DATA = "personal_data"
    LINK_NOT_HTTPS = "link_not_https"
    LINK_NOT_ALLOWED = "link_not_allowed"
    LINK_MISLEADING = "link_misleading"
    LINK_BARE = "link_bare"
    PUBLIC_CONTACT = "public_contact"
    HARD_TO_READ = "hard_to_read"
    LONG_SENTENCE = "long_sentence"
    GENITIVE_CHAIN = "genitive_chain"
    VERBAL_NOUNS = "verbal_nouns"
    PASSIVE_VOICE = "passive_voice"
    BUREAUCRATIC_PHRASE = "bureaucratic_phrase"
    EMPTY_POLITENESS = "empty_politeness"
    UNEXPLAINED_ABBREVIATION = "unexplained_abbreviation"
    CAPITALS = "capitals"
    REPEATED_PUNCTUATION = "repeated_punctuation"
    MISSING_GREETING = "missing_greeting"
    MISSING_INTEREST = "missing_interest"


POINT_NOT_IN_FORCE: Literal["point_not_in_force"] = "point_not_in_force"
"""The text refers to a point that is not in force (O-3); this check cannot be switched off."""

_C = RuleCode

ERRORS = frozenset(
    {
        _C.PLACEHOLDER_MISSING,
        _C.TOO_LONG,
        _C.EMOJI_NOT_POSITIVE,
        _C.EMOJI_NOT_SOCIAL,
        _C.PERSONAL_DATA,
        _C.LINK_NOT_HTTPS,
        _C.LINK_NOT_ALLOWED,
        _C.LINK_MISLEADING,
    }
)

NAMES_RU: dict[RuleCode, str] = {
    _C.PLACEHOLDER_MISSING: "Незаполненные поля подстановки",
    _C.TOO_LONG: "Длина текста в канале",
    _C.EMOJI_NOT_POSITIVE: "Эмодзи не из списка позитивных",
    _C.EMOJI_NOT_SOCIAL: "Эмодзи вне социальных сетей",
    _C.PERSONAL_DATA: "Персональные данные в публичном ответе",
    _C.LINK_NOT_HTTPS: "Ссылки без защищённого соединения",
    _C.LINK_NOT_ALLOWED: "Ссылки на посторонние сайты",
    _C.LINK_MISLEADING: "Ссылки, которые вводят в заблуждение",
    _C.LINK_BARE: "Ссылки без https://",
    _C.PUBLIC_CONTACT: "Личные контакты в публичном ответе",
    _C.HARD_TO_READ: "Текст, трудный для чтения",
    _C.LONG_SENTENCE: "Длинные предложения",
    _C.GENITIVE_CHAIN: "Цепочки родительных падежей",
    _C.VERBAL_NOUNS: "Скопления отглагольных существительных",
    _C.PASSIVE_VOICE: "Страдательный залог",
    _C.BUREAUCRATIC_PHRASE: "Канцеляризмы",
    _C.EMPTY_POLITENESS: "Пустая вежливость",
    _C.UNEXPLAINED_ABBREVIATION: "Непонятные сокращения",
    _C.CAPITALS: "Слова прописными буквами",
    _C.REPEATED_PUNCTUATION: "Повторы знаков препинания",
    _C.MISSING_GREETING: "Отсутствие приветствия",
    _C.MISSING_INTEREST: "Отсутствие заинтересованности",
}

MOST_OF_A_RULE = 20
"""The maximum number of findings of one rule, to keep the response small."""


def get_severity(code: RuleCode) -> Severity:
    """Return the severity of the findings of a rule."""
    return Severity.ERROR if code in ERRORS else Severity.WARNING


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position `text[start:end]` in code points, with a message and a suggested replacement."""

    start: int
    end: int
    message: str
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding: the code and severity of a rule with a position in the text."""

    code: RuleCode | Literal["point_not_in_force"]
    severity: Severity
    start: int
    end: int
    message: str
    suggestion: str | None
