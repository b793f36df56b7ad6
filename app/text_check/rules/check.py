"""The check itself: every rule that is on, in one order, bounded."""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice

from app.text_check.rules import abbreviations, emoji, grammar, length, links, personal_data, phrases, sentences, tone
from app.text_check.rules.check_context import CheckContext
from app.text_check.rules.findings import MOST_OF_A_RULE, Finding, Place, RuleCode, Severity, severity_of
from app.text_check.rules.parsed_text import ParsedText

_C = RuleCode

RULES: Mapping[RuleCode, Callable[[ParsedText, CheckContext], Iterable[Place]]] = {
    _C.PLACEHOLDER_MISSING: length.placeholders,
    _C.TOO_LONG: length.too_long,
    _C.EMOJI_NOT_POSITIVE: emoji.not_positive,
    _C.EMOJI_NOT_SOCIAL: emoji.not_social,
    _C.PERSONAL_DATA: personal_data.personal_data,
    _C.LINK_NOT_HTTPS: links.not_https,
    _C.LINK_NOT_ALLOWED: links.not_allowed,
    _C.LINK_MISLEADING: links.misleading,
    _C.LINK_BARE: links.bare,
    _C.PUBLIC_CONTACT: personal_data.public_contacts,
    _C.HARD_TO_READ: sentences.hard_to_read,
    _C.LONG_SENTENCE: sentences.long_sentences,
    _C.GENITIVE_CHAIN: grammar.genitive_chains,
    _C.VERBAL_NOUNS: grammar.verbal_nouns,
    _C.PASSIVE_VOICE: grammar.passive_voice,
    _C.BUREAUCRATIC_PHRASE: phrases.bureaucratic_phrases,
    _C.EMPTY_POLITENESS: phrases.empty_politeness,
    _C.UNEXPLAINED_ABBREVIATION: abbreviations.unexplained_abbreviations,
    _C.CAPITALS: abbreviations.shouting,
    _C.REPEATED_PUNCTUATION: tone.repeated_punctuation,
    _C.MISSING_GREETING: tone.missing_greeting,
    _C.MISSING_INTEREST: tone.missing_interest,
}


def check(text: str, case: CheckContext) -> list[Finding]:
    """The findings of a text, by place; at most `MOST_OF_A_RULE` of each rule, the first ones. Linear in the text."""
    parsed = ParsedText(text)
    found = [
        Finding(code, severity_of(code), place.start, place.end, place.message, place.suggestion)
        for code, rule in RULES.items()
        if case.of(code).is_on
        for place in sorted(set(islice(rule(parsed, case), MOST_OF_A_RULE)), key=lambda one: (one.start, one.end))
    ]
    return sorted(found, key=lambda one: (one.start, one.end, one.code))


def blocking(findings: Iterable[Finding]) -> list[Finding]:
    """Those that block sending."""
    return [finding for finding in findings if finding.severity is Severity.ERROR]
