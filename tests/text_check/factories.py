"""The reply check with the initial dictionary and settings, without a database."""

from functools import cache
from typing import Any

from app.core.data_files import load_yaml
from app.text_check import service
from app.text_check.models import CheckRule, EntryKind
from app.text_check.queries import build_lexicon
from app.text_check.reference import build_rule
from app.text_check.rules.check import check
from app.text_check.rules.check_context import CheckContext, KnownClient, Lexicon, Setting
from app.text_check.rules.findings import Finding, RuleCode
from app.text_check.rules.overrides import select_setting

PLAIN = "Здравствуйте, Иван! Вот условия займа. Чем ещё помочь?"
"""A text without findings."""


@cache
def load_lexicon() -> Lexicon:
    """Return the initial lexicon."""
    dictionary = load_yaml(service.__file__, "phrases.yaml") | load_yaml(service.__file__, "abbreviations.yaml")
    dictionary |= {kind: dict.fromkeys(texts) for kind, texts in load_yaml(service.__file__, "emoji.yaml").items()}
    entries = [service.build_entry(EntryKind(kind), *item) for kind in dictionary for item in dictionary[kind].items()]
    return build_lexicon([(entry.kind, entry.text, entry.matched, entry.replacement) for entry in entries])


@cache
def _load_rules() -> dict[RuleCode, CheckRule]:
    rules = load_yaml(service.__file__, "rules.yaml")["rules"]
    return {RuleCode(code): build_rule(RuleCode(code), raw) for code, raw in rules.items()}


def build_context(channel: str | None = None, *, is_public: bool | None = None, **more: Any) -> CheckContext:
    """Build a check context with the initial rules."""
    client = more.pop("client", KnownClient())
    values: dict[str, tuple[str, ...]] = more.pop("values", {})
    settings = {
        code: select_setting(
            Setting(rule.is_on, rule.threshold, values.get(code, tuple(rule.values))),
            rule.overrides,
            channel,
            is_public=is_public,
        )
        for code, rule in _load_rules().items()
    }
    is_social = channel in ("vk", "ok", "telegram") if channel else None
    return CheckContext(load_lexicon(), settings, is_social, bool(is_public), client)


def find_places(text: str, code: RuleCode, channel: str | None = "vk", **more: Any) -> list[str]:
    """Return the parts of a text found by a rule."""
    return [text[finding.start : finding.end] for finding in find_all(text, channel, **more) if finding.code is code]


def find_all(text: str, channel: str | None = "vk", **more: Any) -> list[Finding]:
    """Return all findings of a text."""
    return check(text, build_context(channel, **more))
