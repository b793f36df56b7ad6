"""API schemas of reply templates."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.core import example_ids
from app.core.schemas import NOT_GIVEN, Input, LocalDateTime, Output, example
from app.core.types import FREE_TEXT, ChannelKey, Days, DbInt, FreeText, Id, Key, Label, Name, Note
from app.reply_templates.rules.diff import PartKind
from app.reply_templates.rules.placeholders import PlaceholderKind
from app.reply_templates.rules.review import ReviewState
from app.reply_templates.rules.states import TemplateState
from app.reply_templates.rules.template_drafts import MAX_EXAMPLES
from app.text_check.schemas import FindingRead

Keywords = Annotated[list[Label], Field(max_length=50)]
Examples = Annotated[list[Note], Field(max_length=MAX_EXAMPLES)]
TopicIds = Annotated[list[Id], Field(max_length=20)]
UnitIds = Annotated[list[Id], Field(max_length=50)]
PlaceholderName = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[а-яёa-z_]+$")]
PlaceholderValue = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=FREE_TEXT)]
Values = Annotated[dict[PlaceholderName, PlaceholderValue], Field(max_length=20)]


class TemplateCreate(Input):
    """A new template. It is a draft until it is published."""

    unit_id: Id
    key: Key
    title: Name
    text: FreeText
    keywords: Keywords = []
    examples: Examples = []
    topic_ids: TopicIds = []
    defaults: Values = {}
    shared_unit_ids: UnitIds = []
    review_days: Days | None = None
    model_config = example(
        {
            "unit_id": example_ids.UNIT,
            "key": "eksport",
            "title": "Поддержка экспорта",
            "text": "Здравствуйте, {имя}! Меры поддержки экспорта собраны здесь: {ссылка}. Чем ещё помочь?",
            "keywords": ["экспорт", "таможня"],
            "examples": ["Как начать продавать за рубеж?"],
            "defaults": {"ссылка": "https://econom.nso.ru/"},
        }
    )


class TemplatePatch(Input):
    """Changes to a template. Content changes create a new version; sharing and the review period do not."""

    title: Name = NOT_GIVEN
    text: FreeText = NOT_GIVEN
    keywords: Keywords = NOT_GIVEN
    examples: Examples = NOT_GIVEN
    topic_ids: TopicIds = NOT_GIVEN
    defaults: Values = NOT_GIVEN
    note: Note | None = NOT_GIVEN
    shared_unit_ids: Annotated[UnitIds, Field(description="Units that may use the published version.")] = NOT_GIVEN
    review_days: Annotated[Days | None, Field(description="Review period in days; null: the unit's period.")] = (
        NOT_GIVEN
    )
    model_config = example({"text": "Здравствуйте, {имя}! Начните отсюда: {ссылка}. Чем ещё помочь?"})


class TemplateReturn(Input):
    """The reason for returning a template to its author."""

    reason: Note
    model_config = example({"reason": "Добавьте, куда обратиться за помощью"})


class TemplateReviewCreate(Input):
    """A note on what was checked in a review."""

    note: Note | None = None
    model_config = example({"note": "Условия сверены с порядком 2026 года"})


class ExampleCreate(Input):
    """A typical message that the template answers. Possible personal data is masked."""

    text: Note
    model_config = example({"text": "Подскажите, где взять льготный заём на открытие кафе?"})


class TemplateRender(Input):
    """Placeholder values, the version to render (by default the newest visible one) and the channel of the text."""

    values: Values = {}
    version: DbInt | None = None
    channel: ChannelKey | None = None
    model_config = example({"values": {"имя": "Иван"}})


class TemplateRead(Output):
    """A reply template in its newest version; other units see only the published version."""

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
    defaults: dict[str, str] = Field(description="Default values of placeholders.")
    is_own: bool = Field(description="True for the caller's own unit; otherwise the template is shared, read-only.")
    shared_unit_ids: list[UUID] = Field(description="Units the template is shared with; another unit sees only itself.")
    returned_reason: str | None = Field(description="Reason of the last return of the newest version.")
    review: ReviewState | None = Field(description="Review state; null while the template is not in use.")
    review_days: int | None = Field(description="Own review period in days; null: the unit's period.")
    next_review_on: date | None = Field(description="Last day on which the template counts as current.")
    reviewed_at: LocalDateTime | None = Field(description="When the template was last published or reviewed.")
    reviewed_by: UUID | None
    created_by: UUID | None
    created_at: LocalDateTime
    updated_at: LocalDateTime


class TemplateVersionRead(Output):
    """A version of a template."""

    version: int
    title: str
    text: str
    keywords: list[str]
    examples: list[str]
    topic_ids: list[UUID]
    defaults: dict[str, str]
    note: str | None
    author_id: UUID | None
    returned_reason: str | None
    approved_by: UUID | None
    created_at: LocalDateTime
    published_at: LocalDateTime | None


class TemplateReviewRead(Output):
    """A review: a confirmation that a version is current."""

    id: UUID
    version: int
    note: str | None
    reviewed_at: LocalDateTime
    reviewed_by: UUID
    next_review_on: date


class DiffPartRead(Output):
    """A part of a comparison of two texts."""

    kind: PartKind
    text: str


class TextChangeRead(Output):
    """A changed text: its parts in order, and the same as one readable text."""

    field: Literal["title", "text"]
    name: str
    parts: list[DiffPartRead]
    readable: str = Field(description="The text with removals as [было: …] and additions as [стало: …].")


class ListChangeRead(Output):
    """A changed list."""

    field: Literal["keywords", "examples", "topics", "defaults"]
    name: str
    added: list[str]
    removed: list[str]


class DiffRead(Output):
    """The differences between two versions of a template."""

    template_id: UUID
    version: int
    against: int = Field(description="The version compared with; 0 if there is none.")
    texts: list[TextChangeRead]
    lists: list[ListChangeRead]
    summary: list[str] = Field(description="The changes in Russian, one per item.")


class RenderRead(Output):
    """A rendered template."""

    text: str
    missing: list[str]
    template_version: int
    findings: list[FindingRead]


class PlaceholderRead(Output):
    """A placeholder name and the kind of value it takes."""

    name: str
    kind: PlaceholderKind
    wanted: str
    example: str


class PlaceholdersRead(Output):
    """All placeholders."""

    items: list[PlaceholderRead]


class MentionKind(StrEnum):
    """The kind of an outdated mention."""

    DATE = "date"
    LEGAL_ACT = "legal_act"


class MentionRead(Output):
    """An outdated mention in a template."""

    kind: MentionKind
    field: str = Field(description="`title`, `text`, or `defaults/` followed by the placeholder's name.")
    start: int
    end: int
    quote: str
    reason: str
    day: date = Field(description="The past date, or the last day on which the act was in force.")
    legal_act_id: UUID | None


class OutdatedRead(Output):
    """A template in use with outdated mentions."""

    template_id: UUID
    unit_id: UUID
    key: str
    title: str
    template_version: int
    mentions: list[MentionRead]


class DraftOf(Input):
    """Fields of a new draft; omitted fields are filled from its source."""

    key: Key
    title: Name | None = None
    text: FreeText | None = None
    keywords: Keywords | None = None
    model_config = example({"key": "vystavka", "title": "Как попасть на выставку"})


class GapDismiss(Input):
    """The reason for dismissing a gap."""

    reason: Note
    model_config = example({"reason": "Разовое событие, шаблон не нужен"})


class GapDismissalRead(Output):
    """The decision that a group of messages needs no template."""

    reason: str
    dismissed_at: LocalDateTime
    dismissed_by: UUID
    count: int = Field(description="Number of messages in the group before the decision.")


class GapRead(Output):
    """A group of similar messages that no template covers (O-6.2.6)."""

    id: UUID = Field(description="Id of the oldest message of the group; it identifies the gap.")
    unit_id: UUID = Field(description="The unit that should write a template.")
    count: int
    no_template: int = Field(description="Number of messages for which no template was suggested.")
    not_taken: int = Field(description="Number of messages answered without using the suggested template.")
    words: list[str] = Field(description="The most common words, in dictionary form, the most common first.")
    examples: list[str] = Field(description="The newest messages, without personal data.")
    offered_template_ids: list[UUID] = Field(description="Templates that were suggested and not used.")
    dismissed: GapDismissalRead | None = Field(
        description="The last decision to dismiss the group; after it only later messages are counted."
    )
    first_at: LocalDateTime
    last_at: LocalDateTime


class GapsRead(Output):
    """The gaps of the caller's unit, the largest first."""

    items: list[GapRead]
