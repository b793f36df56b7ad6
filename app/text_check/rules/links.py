"""Links: safe, honest, and where it is set, on the sites that are allowed."""

from collections.abc import Iterator

from app.text_check.rules.addresses import is_on
from app.text_check.rules.check_context import CheckContext
from app.text_check.rules.findings import Place, RuleCode
from app.text_check.rules.parsed_text import ParsedText


def not_https(parsed: ParsedText, case: CheckContext) -> Iterator[Place]:
    """Links with a scheme other than https."""
    del case
    for link in parsed.links:
        if link.scheme and link.scheme.lower() != "https":
            rest = parsed.raw[link.start + len(link.scheme) : link.end]
            better = f"https{rest}" if link.scheme.lower() == "http" else None
            yield Place(link.start, link.end, "Ссылка должна начинаться с https://.", better)


def not_allowed(parsed: ParsedText, case: CheckContext) -> Iterator[Place]:
    """Links to hosts that are neither an allowed site (`values`) nor below one; none are allowed: all are."""
    sites = case.of(RuleCode.LINK_NOT_ALLOWED).values
    for link in parsed.links:
        if sites and not any(is_on(link.host, site) for site in sites):
            yield Place(link.start, link.end, "Сайта нет в списке разрешённых.")


def misleading(parsed: ParsedText, case: CheckContext) -> Iterator[Place]:
    """Links that look as if they led elsewhere."""
    del case
    for link in parsed.links:
        if link.is_misleading:
            message = "Ссылка может вводить в заблуждение: проверьте, куда она ведёт."
            yield Place(link.start, link.end, message)


def bare(parsed: ParsedText, case: CheckContext) -> Iterator[Place]:
    """Domains without a scheme: networks make links of them, mostly without https."""
    del case
    for link in parsed.links:
        if not link.scheme:
            better = f"https://{parsed.raw[link.start : link.end]}"
            yield Place(link.start, link.end, "Укажите адрес полностью, с https://.", better)
