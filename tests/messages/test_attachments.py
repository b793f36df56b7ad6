"""Files of messages: validation, storage by content, downloads; flags of personal data."""

import base64
import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from fastapi import FastAPI

from app.attachments.file_store import FileStore
from app.attachments.rules import CONTENT_TYPES, to_download_name
from app.attachments.service import ReceivedFile
from app.clients.service import ClientCard, ClientKind, Contact, Representative
from app.messages.commands import NewMessage
from app.messages.rules.enums import MessageKind
from app.messages.service.intake import compute_content_hash
from tests.callers import People
from tests.conftest import Api
from tests.messages.factories import MESSAGES, message_body, register, registered

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
TEXT = "Копия договора".encode("cp1251")


def file(content: bytes = PNG, name: str = "фото.png", content_type: str = "image/png") -> dict[str, str]:
    return {"name": name, "content_type": content_type, "content": base64.b64encode(content).decode()}


def package(*parts: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        for part in parts:
            made.writestr(part, "x")
    return stream.getvalue()


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ODT = "application/vnd.oasis.opendocument.text"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.mark.order("O-2.5")
async def test_files_of_a_message_are_downloads_only(api: Api, people: People) -> None:
    body = message_body(people, attachments=[file(), file(TEXT, "договор «А».txt", "text/plain")])
    answer = await register(api, people.integration, body)
    assert answer.status_code == 201, answer.text
    current = answer.json()["attachments"]
    assert [(one["name"], one["content_type"], one["size"]) for one in current] == [
        ("фото.png", "image/png", len(PNG)),
        ("договор «А».txt", "text/plain", len(TEXT)),
    ]
    path = f"{MESSAGES}/{answer.json()['id']}/attachments/"
    for who in (people.operator, people.unit_head, people.integration):
        got = await api.get(path + current[1]["id"], headers=api.as_(who))
        assert (got.status_code, got.content) == (200, TEXT)
        assert got.headers["content-type"] == "application/octet-stream"
        assert got.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in got.headers["content-security-policy"]
        assert got.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%D0%B4")
    for stranger in (people.other_operator, people.other_head):
        assert (await api.get(path + current[0]["id"], headers=api.as_(stranger))).status_code == 404
    other = f"{MESSAGES}/{(await registered(api, people))['id']}/attachments/{current[0]['id']}"
    gone = await api.get(other, headers=api.as_(people.operator))
    assert (gone.status_code, gone.json()["code"]) == (404, "attachment_not_found")


@pytest.mark.order("O-6.2.1")
async def test_a_repeated_message_is_compared_with_its_files(api: Api, people: People) -> None:
    body = message_body(people, attachments=[file()])
    assert (await register(api, people.integration, body)).status_code == 201
    again = await register(api, people.integration, body)
    assert (again.status_code, len(again.json()["attachments"])) == (200, 1)
    for other in ([], [file(PNG + b"1")], [file(name="другое.png")], [file(), file()]):
        answer = await register(api, people.integration, body | {"attachments": other})
        assert (answer.status_code, answer.json()["code"]) == (409, "message_conflict")


def test_the_hash_of_a_content_never_changes() -> None:
    """The hashes of messages registered by earlier versions are stored."""
    new = NewMessage(
        interaction_point_id=UUID(int=1),
        kind=MessageKind.COMMENT,
        external_id="wall-1_77",
        thread_external_id="wall-1_70",
        text="Где узнать про льготный заём?",
        received_at=datetime(2026, 11, 24, 3, 15, 0, 250_000, tzinfo=UTC),
        client=ClientCard(
            ClientKind.LEGAL_ENTITY,
            "ООО «Ромашка»",
            (Contact("email", "a@b.example"),),
            Representative("Петрова Анна", "доверенность № 5", (Contact("phone", "+7 913 123-45-67"),)),
        ),
    )
    files = [ReceivedFile("а.txt", "text/plain", b"A")]
    expected = "a27f0a0c4a5ad49d748a1ad794a1883f025f7032dc709d04138892181daee92a"
    assert compute_content_hash(new, files) == expected


@pytest.mark.parametrize(
    ("one", "at"),
    [
        (file(content_type="image/jpeg"), "content"),
        (file(b"MZ\x90\0", "a.png"), "content"),
        (file(b""), "content"),
        (file() | {"content": "не base64"}, "content"),
        (file() | {"content": "QUJD=Q=="}, "content"),
        (file(b"<svg onload=alert(1)>", "a.svg", "image/svg+xml"), "content_type"),
        (file(b"<script>", "a.html", "text/html"), "content_type"),
        (file(b"a\0b", "a.txt", "text/plain"), "content"),
        (file(package("x.exe"), "a.docx", DOCX), "content"),
        (file(package("word/document.xml"), "a.xlsx", XLSX), "content"),
        (file(b"PK\x03\x04broken", "a.docx", DOCX), "content"),
        (file(name="../../etc/passwd"), "name"),
        (file(name="a\\b.png"), "name"),
        (file(name="a\0b.png"), "name"),
        (file(name="x" * 256), "name"),
        (file() | {"path": "/etc/passwd"}, "path"),
    ],
)
async def test_an_invalid_file_is_refused(api: Api, people: People, one: dict[str, Any], at: str) -> None:
    answer = await register(api, people.integration, message_body(people, attachments=[file(), one]))
    assert answer.status_code == 422, answer.text
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [f"/attachments/1/{at}"]


@pytest.mark.parametrize(
    ("content", "name", "content_type"),
    [
        (b"\xff\xd8\xff\xe0", "a.jpg", "image/jpeg"),
        (b"GIF89a...", "a.gif", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8", "a.webp", "image/webp"),
        (b"%PDF-1.7", "a.pdf", "application/pdf"),
        ("Строка\n".encode(), "a.txt", "text/plain"),
        (b"{\\rtf1}", "a.rtf", "application/rtf"),
        (package("[Content_Types].xml", "word/document.xml"), "a.docx", DOCX),
        (package("xl/workbook.xml"), "a.xlsx", XLSX),
        (b"PK\x03\x04" + b"\0" * 26 + b"mimetype" + ODT.encode(), "a.odt", ODT),
        (b"\0\0\0\x18ftypmp42", "a.mp4", "video/mp4"),
        (b"OggS\0", "a.ogg", "audio/ogg"),
    ],
)
async def test_every_accepted_type(api: Api, people: People, content: bytes, name: str, content_type: str) -> None:
    answer = await register(
        api, people.integration, message_body(people, attachments=[file(content, name, content_type)])
    )
    assert answer.status_code == 201, answer.text
    assert to_download_name(name, content_type) == name


@pytest.mark.parametrize(
    ("name", "content_type", "saved"),
    [
        ("invoice.bat", "text/plain", "invoice.bat.txt"),
        ("страница.html", "text/plain", "страница.html.txt"),
        ("фото.png.exe", "image/png", "фото.png.exe.png"),
        ("скан от 12.05", "application/pdf", "скан от 12.05.pdf"),
        ("ФОТО.JPEG", "image/jpeg", "ФОТО.JPEG"),
        ("txt.\u202eexe", "text/plain", "txt.\u202eexe.txt"),
    ],
)
async def test_a_download_has_the_extension_of_its_type(
    api: Api, people: People, name: str, content_type: str, saved: str
) -> None:
    """A text file named `.bat` by its sender must not be executed when opened."""
    content = {"text/plain": b"@echo off", "application/pdf": b"%PDF-1.7", "image/jpeg": b"\xff\xd8\xff\xe0"}
    body = message_body(people, attachments=[file(content.get(content_type, PNG), name, content_type)])
    answer = await register(api, people.integration, body)
    assert answer.status_code == 201, answer.text
    (current,) = answer.json()["attachments"]
    assert current["name"] == name
    url = f"{MESSAGES}/{answer.json()['id']}/attachments/{current['id']}"
    got = await api.get(url, headers=api.as_(people.operator))
    assert got.headers["content-disposition"] == f"attachment; filename*=UTF-8''{quote(saved, safe='')}"


def test_every_accepted_type_has_an_extension() -> None:
    assert all(to_download_name("a", content_type) != "a" for content_type in CONTENT_TYPES)


async def test_a_message_has_at_most_ten_files(api: Api, people: People) -> None:
    answer = await register(api, people.integration, message_body(people, attachments=[file()] * 11))
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/attachments"]


async def test_a_missing_or_damaged_file_is_a_clear_error(application: FastAPI, api: Api, people: People) -> None:
    content = PNG + b"unique"
    answer = await register(api, people.integration, message_body(people, attachments=[file(content)]))
    url = f"{MESSAGES}/{answer.json()['id']}/attachments/{answer.json()['attachments'][0]['id']}"
    store = application.state.get(FileStore)
    key = store.put(content)
    path = store._path(key)
    path.write_bytes(b"damaged")
    gone = await api.get(url, headers=api.as_(people.operator))
    assert (gone.status_code, gone.json()["code"]) == (404, "attachment_lost")
    path.unlink()
    gone = await api.get(url, headers=api.as_(people.operator))
    assert (gone.status_code, gone.json()["code"]) == (404, "attachment_lost")


def test_the_store_deduplicates_and_removes_old_unknown_files(tmp_path: Path) -> None:
    from datetime import timedelta  # noqa: PLC0415

    store = FileStore(tmp_path / "files")
    one, same, other = store.put(b"one"), store.put(b"one"), store.put(b"other")
    assert one == same and store.get(one) == b"one" and store.get("0" * 64) is None
    path = store._path(one)
    assert path.stat().st_mode & 0o777 == 0o600
    now = path.stat().st_mtime
    assert store.clear({one}, now + 10, timedelta(days=1)) == 0, "young"
    assert store.clear({one}, now + 2 * 86_400, timedelta(days=1)) == 1
    assert (store.get(one), store.get(other)) == (b"one", None)


@pytest.mark.order("O-6.2.1")
async def test_personal_data_in_a_text_is_flagged_for_employees(api: Api, people: People) -> None:
    text = "Позвоните мне: +7 913 123-45-67"
    data = await registered(api, people, text=text)
    assert data["personal_data"] == [], "the platform has the text already"
    headers = api.as_(people.operator)
    current = (await api.get(f"{MESSAGES}/{data['id']}", headers=headers)).json()
    assert current["personal_data"] == [{"kind": "phone", "start": 15, "end": 31}]
    await registered(api, people)
    listed = (await api.get(MESSAGES, params={"has_personal_data": "true"}, headers=headers)).json()["items"]
    assert [item["id"] for item in listed] == [data["id"]]
    revision = {"text": "Позвоните мне", "changed_at": data["received_at"]}
    answer = await api.post(f"{MESSAGES}/{data['id']}/revisions", headers=headers, json=revision)
    assert (answer.status_code, answer.json()["personal_data"]) == (201, [])
