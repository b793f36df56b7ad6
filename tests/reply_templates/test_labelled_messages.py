"""Checks of the labelled messages, the evaluation data of template search (O-6.2.6)."""

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.core.data_files import load_yaml
from app.reply_templates import reference

LABELLED: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "data/labelled_messages.yaml").read_text("utf-8"))
MESSAGES: list[dict[str, Any]] = LABELLED["messages"]
TEMPLATES: list[dict[str, Any]] = LABELLED["templates"]
DEMO: list[dict[str, Any]] = load_yaml(reference.__file__, "demo_templates.yaml")["templates"]


def split_of(text: str) -> str:
    """Assign two of five messages to `dev` by a hash of the text, so that new messages do not move old ones."""
    return "dev" if int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") % 5 < 2 else "test"


def plain(text: str) -> str:
    letters = "".join(c if c.isalnum() else " " for c in text.casefold().replace("ё", "е"))
    return " ".join(letters.split()) or text


@pytest.mark.order("O-6.2.6")
def test_the_test_knowledge_base_is_the_demo_base_with_two_typical_messages_each() -> None:
    assert [template["key"] for template in TEMPLATES] == [template["key"] for template in DEMO]
    assert all(template.keys() == {"key", "typical"} and len(template["typical"]) == 2 for template in TEMPLATES)


def test_messages_have_valid_fields_and_existing_answers() -> None:
    keys = {template["key"] for template in TEMPLATES}
    for message in MESSAGES:
        assert message.keys() == {"text", "answers", "split"}, message
        assert isinstance(message["text"], str) and message["text"] == message["text"].strip() != "", message
        answers = message["answers"]
        assert set(answers) <= keys and len(answers) == len(set(answers)) <= 2, message
        assert message["split"] == split_of(message["text"]), message


def test_both_splits_have_every_template_and_enough_messages() -> None:
    count = Counter((key, message["split"]) for message in MESSAGES for key in message["answers"] or [None])
    keys = [template["key"] for template in TEMPLATES]
    assert [(key, split) for key in keys for split in ("dev", "test") if not count[key, split]] == []
    assert len(MESSAGES) >= 300 and count[None, "dev"] >= 40 and count[None, "test"] >= 60
    assert 0.25 <= sum(not message["answers"] for message in MESSAGES) / len(MESSAGES) <= 0.4
    assert 0.35 <= sum(message["split"] == "dev" for message in MESSAGES) / len(MESSAGES) <= 0.45


def test_messages_are_unique_and_not_in_the_knowledge_base() -> None:
    typical = [text for template in TEMPLATES for text in template["typical"]]
    examples = [text for template in DEMO for text in template["examples"]]
    count = Counter(plain(text) for text in [*(message["text"] for message in MESSAGES), *typical, *examples])
    assert [text for text, times in count.items() if times > 1] == []
