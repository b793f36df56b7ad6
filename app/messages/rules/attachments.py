"""Which files a message may bring: a known type, whose content is what it says it is."""

import io
import zipfile
from collections.abc import Callable


def _begins(*signatures: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(signatures)


def _is_webp(content: bytes) -> bool:
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def _is_mp4(content: bytes) -> bool:
    return content[4:8] == b"ftyp"


def _is_package_with(part: str) -> Callable[[bytes], bool]:
    """A ZIP package whose table of contents names that part; nothing of it is unpacked."""

    def is_one(content: bytes) -> bool:
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as package:
                return part in package.namelist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            return False

    return is_one


def _is_opendocument(content: bytes) -> bool:
    # The format asks for this entry first and not compressed, so that it can be seen (ODF 1.2, part 3, 3.3).
    return content[30:100].startswith(b"mimetypeapplication/vnd.oasis.opendocument.text")


def _is_text(content: bytes) -> bool:
    for encoding in ("utf-8", "cp1251"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return all(character >= " " or character in "\t\n\r" for character in text)
    return False


CONTENT_TYPES: dict[str, Callable[[bytes], bool]] = {
    "image/jpeg": _begins(b"\xff\xd8\xff"),
    "image/png": _begins(b"\x89PNG\r\n\x1a\n"),
    "image/gif": _begins(b"GIF87a", b"GIF89a"),
    "image/webp": _is_webp,
    "application/pdf": _begins(b"%PDF-"),
    "text/plain": _is_text,
    "application/rtf": _begins(b"{\\rtf"),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": _is_package_with("word/document.xml"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": _is_package_with("xl/workbook.xml"),
    "application/vnd.oasis.opendocument.text": _is_opendocument,
    "video/mp4": _is_mp4,
    "audio/ogg": _begins(b"OggS"),
}
"""The types that are taken, each with the test that a content is one."""


def has_claimed_type(content_type: str, content: bytes) -> bool:
    """Whether a content is of the type it is said to be."""
    return CONTENT_TYPES[content_type](content)


_ENDINGS: dict[str, tuple[str, ...]] = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
    "text/plain": (".txt",),
    "application/rtf": (".rtf",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx",),
    "application/vnd.oasis.opendocument.text": (".odt",),
    "video/mp4": (".mp4",),
    "audio/ogg": (".ogg", ".oga"),
}


def to_download_name(name: str, content_type: str) -> str:
    """The name a file is saved under: one that does not end as its type does gets the ending.

    A text that a stranger called `.bat` would be run, and not read, by whoever opens what they saved.
    """
    endings = _ENDINGS[content_type]
    return name if name.lower().endswith(endings) else name + endings[0]
