"""The reply check: applies every enabled rule to a text, with a limit of findings."""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice

from app.text_check.rules import abbreviations, emoji, grammar, length, links, personal_data, phrases, sentences, tone
from app.text_check.rules.check_context import CheckContext
from app.text_check.rules.findings import MOST_OF_A_RULE, Finding, Place, RuleCode, Severity, get_severity
from app.text_check.rules.parsed_text import ParsedText

_C = RuleCode

RULES: Mapping[RuleCode, Callable[[ParsedText, CheckContext], Iterable[Place]]] = {
    _C.PLACEHOLDER_MISSING: length.find_placeholders,
    _C.TOO_LONG: length.find_excess,
    _C.EMOJI_NOT_POSITIVE: emoji.find_not_positive,
    _C.EMOJI_NOT_SOCIAL: emoji.find_not_social,
    _C.PERSONAL_DATA: personal_data.find_client_data,
    _C.LINK_NOT_HTTPS: links.find_not_https,
    _C.LINK_NOT_ALLOWED: links.find_not_allowed,
    _C.LINK_MISLEADING: links.find_misleading,
    _C.LINK_BARE: links.find_bare,
    _C.PUBLIC_CONTACT: personal_data.find_public_contacts,
    _C.HARD_TO_READ: sentences.find_hard_to_read,
    _C.LONG_SENTENCE: sentences.find_long_sentences,
    _C.GENITIVE_CHAIN: grammar.find_genitive_chains,
    _C.VERBAL_NOUNS: grammar.find_verbal_nouns,
    _C.PASSIVE_VOICE: grammar.find_passive_voice,
    _C.BUREAUCRATIC_PHRASE: phrases.find_bureaucratic_phrases,
    _C.EMPTY_POLITENESS: phrases.find_empty_politeness,
    _C.UNEXPLAINED_ABBREVIATION: abbreviations.find_unexplained_abbreviations,
    _C.CAPITALS: abbreviations.find_shouting,
    _C.REPEATED_PUNCTUATION: tone.find_repeated_punctuation,
    _C.MISSING_GREETING: tone.find_missing_greeting,
    _C.MISSING_INTEREST: tone.find_missing_interest,
}


def check(text: str, context: CheckContext) -> list[Finding]:
    """Return the findings of a text in order of position, at most the first `MOST_OF_A_RULE` of each rule."""
    parsed = ParsedText(text)
    findings = [
        Finding(code, get_severity(code), place.start, place.end, place.message, place.suggestion)
        for code, rule in RULES.items()
        if context.setting(code).is_on
        for place in sorted(
            set(islice(rule(parsed, context), MOST_OF_A_RULE)), key=lambda place: (place.start, place.end)
        )
    ]
    return sorted(findings, key=lambda finding: (finding.start, finding.end, finding.code))


def blocking(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that block sending."""
    return [finding for finding in findings if finding.severity is Severity.ERROR]
