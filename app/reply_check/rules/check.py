"""The check itself: every rule that is on, in one order, bounded."""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice

from app.reply_check.rules import capitals, emoji, grammar, limits, links, manners, personal, phrases, sentences
from app.reply_check.rules.case import Case
from app.reply_check.rules.findings import MOST_OF_A_RULE, Finding, Place, RuleCode, Severity, severity_of
from app.reply_check.rules.parsed import ParsedText

_C = RuleCode

RULES: Mapping[RuleCode, Callable[[ParsedText, Case], Iterable[Place]]] = {
    _C.PLACEHOLDER_MISSING: limits.placeholders,
    _C.TOO_LONG: limits.too_long,
    _C.EMOJI_NOT_POSITIVE: emoji.not_positive,
    _C.EMOJI_NOT_SOCIAL: emoji.not_social,
    _C.PERSONAL_DATA: personal.personal_data,
    _C.LINK_NOT_HTTPS: links.not_https,
    _C.LINK_NOT_ALLOWED: links.not_allowed,
    _C.LINK_MISLEADING: links.misleading,
    _C.LINK_BARE: links.bare,
    _C.PUBLIC_CONTACT: personal.public_contacts,
    _C.HARD_TO_READ: sentences.hard_to_read,
    _C.LONG_SENTENCE: sentences.long_sentences,
    _C.GENITIVE_CHAIN: grammar.genitive_chains,
    _C.VERBAL_NOUNS: grammar.verbal_nouns,
    _C.PASSIVE_VOICE: grammar.passive_voice,
    _C.BUREAUCRATIC_PHRASE: phrases.bureaucratic_phrases,
    _C.EMPTY_POLITENESS: phrases.empty_politeness,
    _C.UNEXPLAINED_ABBREVIATION: capitals.unexplained_abbreviations,
    _C.CAPITALS: capitals.shouting,
    _C.REPEATED_PUNCTUATION: manners.repeated_punctuation,
    _C.MISSING_GREETING: manners.missing_greeting,
    _C.MISSING_INTEREST: manners.missing_interest,
}


def check(text: str, case: Case) -> list[Finding]:
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
