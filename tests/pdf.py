"""Reading of PDF documents."""

import io
import re

from pypdf import PdfReader


def text_of(content: bytes) -> str:
    """Return the text of all pages with single spaces and without hyphenation at line ends."""
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
    return re.sub(r"\s+", " ", re.sub("[-\u2010\u00ad]\n", "", "\n".join(pages)))


def off_the_page(content: bytes) -> list[str]:
    """Return pieces of text that are cut off because they are above or below their page."""
    found: list[str] = []
    for page in PdfReader(io.BytesIO(content)).pages:
        height = float(page.mediabox.height)

        def check(text: str, outer: list[float], inner: list[float], *_: object, height: float = height) -> None:
            if text.strip() and not 0 < inner[5] * outer[3] + outer[5] < height:
                found.append(text)

        page.extract_text(visitor_text=check)
    return found
