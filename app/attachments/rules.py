"""Accepted types of attachments and the checks of their content."""

import io
import zipfile
from collections.abc import Callable


def _starts_with(*signatures: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(signatures)


def _is_webp(content: bytes) -> bool:
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def _is_mp4(content: bytes) -> bool:
    return content[4:8] == b"ftyp"


def _is_package_with(part: str) -> Callable[[bytes], bool]:
    """Return a check for a ZIP package with the given part; nothing is unpacked."""

    def has_part(content: bytes) -> bool:
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as package:
                return part in package.namelist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            return False

    return has_part


def _is_opendocument(content: bytes) -> bool:
    # ODF 1.2, part 3, 3.3: this entry comes first and is not compressed.
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
    "image/jpeg": _starts_with(b"\xff\xd8\xff"),
    "image/png": _starts_with(b"\x89PNG\r\n\x1a\n"),
    "image/gif": _starts_with(b"GIF87a", b"GIF89a"),
    "image/webp": _is_webp,
    "application/pdf": _starts_with(b"%PDF-"),
    "text/plain": _is_text,
    "application/rtf": _starts_with(b"{\\rtf"),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": _is_package_with("word/document.xml"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": _is_package_with("xl/workbook.xml"),
    "application/vnd.oasis.opendocument.text": _is_opendocument,
    "video/mp4": _is_mp4,
    "audio/ogg": _starts_with(b"OggS"),
}
"""The accepted types with the check of their content."""


def has_claimed_type(content_type: str, content: bytes) -> bool:
    """Return whether a content matches its content type."""
    return CONTENT_TYPES[content_type](content)


_EXTENSIONS: dict[str, tuple[str, ...]] = {
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
    """Return the name for a download; the extension of the content type is added if the name lacks it.

    Otherwise a text file named `.bat` by its sender would be executed when opened.
    """
    extensions = _EXTENSIONS[content_type]
    return name if name.lower().endswith(extensions) else name + extensions[0]
