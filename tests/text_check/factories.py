"""The check with the tables that the service comes with, without a database."""

from functools import cache
from typing import Any

from app.core.data_files import load_yaml
from app.text_check import service
from app.text_check.models import EntryKind
from app.text_check.queries import build_lexicon
from app.text_check.rules.check import check
from app.text_check.rules.check_context import CheckContext, KnownClient, Lexicon, Setting
from app.text_check.rules.findings import Finding, RuleCode
from app.text_check.rules.overrides import select_setting
from app.text_check.schemas import CheckRulePatch

PLAIN = "Здравствуйте, Иван! Вот условия займа. Чем ещё помочь?"
"""A text about which nothing is to be said."""


@cache
def lexicon() -> Lexicon:
    """The words out of the box."""
    told = load_yaml(service.__file__, "phrases.yaml") | load_yaml(service.__file__, "abbreviations.yaml")
    told |= {kind: dict.fromkeys(texts) for kind, texts in load_yaml(service.__file__, "emoji.yaml").items()}
    entries = [service.build_entry(EntryKind(kind), *entry) for kind in told for entry in told[kind].items()]
    return build_lexicon([(one.kind, one.text, one.matched, one.replacement) for one in entries])


@cache
def _rules() -> dict[RuleCode, CheckRulePatch]:
    told = load_yaml(service.__file__, "rules.yaml")["rules"]
    return {RuleCode(code): CheckRulePatch.model_validate(raw) for code, raw in told.items()}


def case_of(channel: str | None = None, *, is_public: bool | None = None, **more: Any) -> CheckContext:
    """What a text is checked for, by the rules out of the box."""
    client = more.pop("client", KnownClient())
    values: dict[str, tuple[str, ...]] = more.pop("values", {})
    settings = {
        code: select_setting(
            Setting(rule.is_on, rule.threshold, values.get(code, tuple(rule.values))),
            [one.model_dump() for one in rule.overrides],
            channel,
            is_public=is_public,
        )
        for code, rule in _rules().items()
    }
    is_social = channel in ("vk", "ok", "telegram") if channel else None
    return CheckContext(lexicon(), settings, is_social, bool(is_public), client)


def found(text: str, code: RuleCode, channel: str | None = "vk", **more: Any) -> list[str]:
    """The places that a rule finds, as they stand in the text."""
    return [text[one.start : one.end] for one in all_found(text, channel, **more) if one.code is code]


def all_found(text: str, channel: str | None = "vk", **more: Any) -> list[Finding]:
    """Everything that is found."""
    return check(text, case_of(channel, **more))
