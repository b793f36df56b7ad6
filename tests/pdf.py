"""What is printed, read as a stranger would."""

import io
import re

from pypdf import PdfReader


def text_of(content: bytes) -> str:
    """The text of all pages, a blank between words; words parted at the end of a line are whole again."""
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
    return re.sub(r"\s+", " ", re.sub("[-\u2010\u00ad]\n", "", "\n".join(pages)))


def off_the_page(content: bytes) -> list[str]:
    """Pieces of text that stand above or below their page: what is cut off."""
    found: list[str] = []
    for page in PdfReader(io.BytesIO(content)).pages:
        height = float(page.mediabox.height)

        def look(text: str, outer: list[float], inner: list[float], *_: object, height: float = height) -> None:
            if text.strip() and not 0 < inner[5] * outer[3] + outer[5] < height:
                found.append(text)

        page.extract_text(visitor_text=look)
    return found
