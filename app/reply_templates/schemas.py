"""What the API takes and gives about reply templates."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.core import example_ids
from app.core.schemas import Input, Output, ShownMoment, example
from app.core.types import FREE_TEXT, ChannelKey, DbInt, FreeText, Id, Key, Label, Name, Note
from app.reply_check.schemas import FindingRead
from app.reply_templates.rules import TemplateState

Keywords = Annotated[list[Label], Field(max_length=50)]
Examples = Annotated[list[Note], Field(max_length=50)]
TopicIds = Annotated[list[Id], Field(max_length=20)]
PlaceholderName = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[а-яёa-z_]+$")]
PlaceholderValue = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=FREE_TEXT)]
Values = Annotated[dict[PlaceholderName, PlaceholderValue], Field(max_length=20)]


class TemplateCreate(Input):
    """A new template, a draft until it is published."""

    unit_id: Id
    key: Key
    title: Name
    text: FreeText
    keywords: Keywords = []
    examples: Examples = []
    topic_ids: TopicIds = []
    model_config = example(
        {
            "unit_id": example_ids.UNIT,
            "key": "eksport",
            "title": "Поддержка экспорта",
            "text": "Здравствуйте, {имя}! Меры поддержки экспорта собраны здесь: {ссылка}. Чем ещё помочь?",
            "keywords": ["экспорт", "таможня"],
            "examples": ["Как начать продавать за рубеж?"],
        }
    )


class TemplatePatch(Input):
    """Changes of a template: together they make a new version."""

    title: Name = Field(default="")
    text: FreeText = Field(default="")
    keywords: Keywords = []
    examples: Examples = []
    topic_ids: TopicIds = []
    note: Note | None = None
    model_config = example({"text": "Здравствуйте, {имя}! Начните отсюда: {ссылка}. Чем ещё помочь?"})


class TemplateReturn(Input):
    """Why a template goes back to its author."""

    reason: Note
    model_config = example({"reason": "Добавьте, куда обратиться за помощью"})


class TemplateRender(Input):
    """Values for the placeholders, of a version (the newest unless given), and the channel the text goes to."""

    values: Values = {}
    version: DbInt | None = None
    channel: ChannelKey | None = None
    model_config = example({"values": {"имя": "Иван"}})


class TemplateRead(Output):
    """A reply template with its newest version."""

    id: UUID
    unit_id: UUID
    key: str
    state: TemplateState
    version: int
    published_version: int | None
    title: str
    text: str
    keywords: list[str]
    examples: list[str]
    topic_ids: list[UUID]
    placeholders: list[str]
    created_by: UUID | None
    created_at: ShownMoment
    updated_at: ShownMoment


class TemplateVersionRead(Output):
    """A version of a template."""

    version: int
    title: str
    text: str
    keywords: list[str]
    examples: list[str]
    topic_ids: list[UUID]
    note: str | None
    author_id: UUID | None
    approved_by: UUID | None
    created_at: ShownMoment
    published_at: ShownMoment | None


class RenderRead(Output):
    """A template with the values put in."""

    text: str
    missing: list[str]
    template_version: int
    findings: list[FindingRead]
