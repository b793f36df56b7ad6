"""API schemas of the registration of messages and of what becomes known after it."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from app.attachments.schemas import Attachment
from app.clients import service as clients
from app.core import example_ids
from app.core.schemas import Input, example
from app.core.types import ExternalId, FreeText, Id, Key, Moment, Name
from app.messages.rules.enums import MessageKind


class Contact(Input):
    """A contact of a client: the kind of channel and the address in it."""

    kind: Key
    value: Name


class Representative(Input):
    """The representative of a client and the authority to act (O-2.2)."""

    name: Name
    authority: Name
    contacts: Annotated[list[Contact], Field(max_length=10)] = []


class Client(Input):
    """An external client (O-2.2)."""

    kind: clients.ClientKind
    name: Name
    contacts: Annotated[list[Contact], Field(max_length=10)] = []
    representative: Representative | None = None

    def to_card(self) -> clients.ClientCard:
        """Return the card of the client."""
        representative = None
        if self.representative is not None:
            contacts = _to_contacts(self.representative.contacts)
            representative = self.representative.to_command(clients.Representative, contacts=contacts)
        return self.to_command(clients.ClientCard, contacts=_to_contacts(self.contacts), representative=representative)


def _to_contacts(contacts: Sequence[Contact]) -> tuple[clients.Contact, ...]:
    return tuple(contact.to_command(clients.Contact) for contact in contacts)


class MessageCreate(Input):
    """A message or comment registered by a channel or an operator."""

    interaction_point_id: Id
    kind: MessageKind
    external_id: ExternalId | None = None
    thread_external_id: ExternalId | None = None
    text: FreeText
    received_at: Moment
    client: Client
    continues_id: Id | None = Field(
        default=None, description="The message after which the client moved to this channel (O-6.2.3b)."
    )
    attachments: Annotated[list[Attachment], Field(max_length=10)] = []
    model_config = example(
        {
            "interaction_point_id": example_ids.POINT,
            "kind": "comment",
            "external_id": "wall-1_77",
            "thread_external_id": "wall-1_70",
            "text": "Где узнать про льготный заём?",
            "received_at": "2026-11-24T10:15:00+07:00",
            "client": {"kind": "individual", "name": "Иван П.", "contacts": [{"kind": "vk", "value": "id123"}]},
            "attachments": [],
        }
    )


class RevisionCreate(Input):
    """An edit or deletion of a message at its source."""

    text: FreeText | None = None
    is_deleted: bool = Field(default=False, strict=True)
    changed_at: Moment
    model_config = example(
        {"text": "Где узнать про льготный заём? Спасибо!", "changed_at": "2026-11-24T10:20:00+07:00"}
    )


class MessageSatisfaction(Input):
    """The client's rating of the answer, in the values of question 21 of the survey (A-1)."""

    satisfaction: Annotated[int, Field(strict=True, ge=1, le=2)] = Field(
        description="1: rather satisfied (скорее удовлетворен); 2: rather dissatisfied (скорее не удовлетворен)."
    )
    model_config = example({"satisfaction": 1})
