"""What the API takes and gives about reply templates."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.core import example_ids
from app.core.schemas import Input, LocalDateTime, Output, example
from app.core.types import FREE_TEXT, ChannelKey, Days, DbInt, FreeText, Id, Key, Label, Name, Note
from app.reply_templates.rules.diff import PartKind
from app.reply_templates.rules.placeholders import PlaceholderKind
from app.reply_templates.rules.review import ReviewState
from app.reply_templates.rules.states import TemplateState
from app.text_check.schemas import FindingRead

MAX_EXAMPLES = 50

Keywords = Annotated[list[Label], Field(max_length=50)]
Examples = Annotated[list[Note], Field(max_length=MAX_EXAMPLES)]
TopicIds = Annotated[list[Id], Field(max_length=20)]
UnitIds = Annotated[list[Id], Field(max_length=50)]
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
    """Changes of a template: those of its content make a new version, sharing and review period do not."""

    title: Name = Field(default="")
    text: FreeText = Field(default="")
    keywords: Keywords = []
    examples: Examples = []
    topic_ids: TopicIds = []
    defaults: Values = {}
    note: Note | None = None
    shared_unit_ids: UnitIds = Field(default=[], description="The units that may use the published version.")
    review_days: Days | None = Field(default=None, description="Null: as long as the unit says.")
    model_config = example({"text": "Здравствуйте, {имя}! Начните отсюда: {ссылка}. Чем ещё помочь?"})


class TemplateReturn(Input):
    """Why a template goes back to its author."""

    reason: Note
    model_config = example({"reason": "Добавьте, куда обратиться за помощью"})


class TemplateReviewCreate(Input):
    """What was looked at when a template was confirmed as current."""

    note: Note | None = None
    model_config = example({"note": "Условия сверены с порядком 2026 года"})


class ExampleCreate(Input):
    """A typical message that the template answers. What may be personal data in it is masked."""

    text: Note
    model_config = example({"text": "Подскажите, где взять льготный заём на открытие кафе?"})


class TemplateRender(Input):
    """Values for the placeholders, of a version (the newest seen unless given), and the channel the text goes to."""

    values: Values = {}
    version: DbInt | None = None
    channel: ChannelKey | None = None
    model_config = example({"values": {"имя": "Иван"}})


class TemplateRead(Output):
    """A reply template with its newest version; other units see the published one and nothing of what goes on."""

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
    defaults: dict[str, str] = Field(description="What stands for a placeholder to which no value is given.")
    is_own: bool = Field(description="Whether it is the caller's unit's; else it is shared with it, to read and use.")
    shared_unit_ids: list[UUID] = Field(description="Other units see themselves only.")
    returned_reason: str | None = Field(description="Why the newest version was last returned.")
    review: ReviewState | None = Field(description="How current it is; null while it is not in use.")
    review_days: int | None = Field(description="Its own review period; null: the unit's.")
    next_review_on: date | None = Field(description="The last day on which it counts as current.")
    reviewed_at: LocalDateTime | None = Field(description="When it was last published or confirmed as current.")
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
    """A confirmation that a version is current."""

    id: UUID
    version: int
    note: str | None
    reviewed_at: LocalDateTime
    reviewed_by: UUID
    next_review_on: date


class DiffPartRead(Output):
    """A part of two texts together."""

    kind: PartKind
    text: str


class TextChangeRead(Output):
    """A text that changed: its parts in order, and the same as one readable text."""

    field: Literal["title", "text"]
    name: str
    parts: list[DiffPartRead]
    readable: str = Field(description="What went in [было: …], what came in [стало: …].")


class ListChangeRead(Output):
    """A list that changed."""

    field: Literal["keywords", "examples", "topics", "defaults"]
    name: str
    added: list[str]
    removed: list[str]


class DiffRead(Output):
    """What changed from one version to another."""

    template_id: UUID
    version: int
    against: int = Field(description="The version that it is compared with; 0: none, for the first one.")
    texts: list[TextChangeRead]
    lists: list[ListChangeRead]
    summary: list[str] = Field(description="The changes in Russian words, one a line.")


class RenderRead(Output):
    """A template with the values put in."""

    text: str
    missing: list[str]
    template_version: int
    findings: list[FindingRead]


class PlaceholderRead(Output):
    """A name that a template may use, and what its value has to be."""

    name: str
    kind: PlaceholderKind
    wanted: str
    example: str


class PlaceholdersRead(Output):
    """Every placeholder there is."""

    items: list[PlaceholderRead]


class MentionKind(StrEnum):
    """What a text mentions that is over."""

    DATE = "date"
    LEGAL_ACT = "legal_act"


class MentionRead(Output):
    """A place of a template that is out of date."""

    kind: MentionKind
    field: str = Field(description="`title`, `text`, or `defaults/` with the placeholder's name.")
    start: int
    end: int
    quote: str
    reason: str
    day: date = Field(description="The day that passed, or from which the act is no longer in force.")
    legal_act_id: UUID | None


class OutdatedRead(Output):
    """A template in use that mentions what is over."""

    template_id: UUID
    unit_id: UUID
    key: str
    title: str
    template_version: int
    mentions: list[MentionRead]


class DraftOf(Input):
    """What a draft is to be made with; whatever is left out is taken from what it is made of."""

    key: Key
    title: Name | None = None
    text: FreeText | None = None
    keywords: Keywords | None = None
    model_config = example({"key": "vystavka", "title": "Как попасть на выставку"})


class GapDismiss(Input):
    """Why a group of messages wants no template."""

    reason: Note
    model_config = example({"reason": "Разовое событие, шаблон не нужен"})


class GapDismissalRead(Output):
    """A decision that a group of messages wants no template."""

    reason: str
    dismissed_at: LocalDateTime
    dismissed_by: UUID
    count: int = Field(description="So many messages of the group came before it.")


class GapRead(Output):
    """Typical messages of one subject that no template answered (O-6.2.6)."""

    id: UUID = Field(description="Of the oldest message of the group; drafting names it.")
    unit_id: UUID = Field(description="The unit that should write a template.")
    count: int
    no_template: int = Field(description="To so many nothing was offered.")
    not_taken: int = Field(description="To so many something was offered, and answered without it.")
    words: list[str] = Field(description="The dictionary forms that most of them have, the commonest first.")
    examples: list[str] = Field(description="The newest of them, without personal data.")
    offered_template_ids: list[UUID] = Field(description="What was offered and not taken.")
    dismissed: GapDismissalRead | None = Field(
        description="The last decision that the group wants no template; beside it only later messages are counted."
    )
    first_at: LocalDateTime
    last_at: LocalDateTime


class GapsRead(Output):
    """The gaps of the caller's unit, the largest first."""

    items: list[GapRead]
