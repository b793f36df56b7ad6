"""Rules about links: https, no misleading hosts, and allowed sites only."""

from collections.abc import Iterator

from app.text_check.rules.addresses import is_within_site
from app.text_check.rules.check_context import CheckContext
from app.text_check.rules.findings import Place, RuleCode
from app.text_check.rules.parsed_text import ParsedText


def find_not_https(parsed: ParsedText, context: CheckContext) -> Iterator[Place]:
    """Find links with a scheme other than https."""
    del context
    for link in parsed.links:
        if link.scheme and link.scheme.lower() != "https":
            rest = parsed.raw[link.start + len(link.scheme) : link.end]
            replacement = f"https{rest}" if link.scheme.lower() == "http" else None
            yield Place(link.start, link.end, "Ссылка должна начинаться с https://.", replacement)


def find_not_allowed(parsed: ParsedText, context: CheckContext) -> Iterator[Place]:
    """Find links outside the allowed sites (`values`) and their subdomains; an empty list allows all sites."""
    sites = context.setting(RuleCode.LINK_NOT_ALLOWED).values
    for link in parsed.links:
        if sites and not any(is_within_site(link.host, site) for site in sites):
            yield Place(link.start, link.end, "Этого сайта нет в списке разрешённых.")


def find_misleading(parsed: ParsedText, context: CheckContext) -> Iterator[Place]:
    """Find links that look as if they led to another site."""
    del context
    for link in parsed.links:
        if link.is_misleading:
            message = "Ссылка может вводить в заблуждение: проверьте, куда она ведёт."
            yield Place(link.start, link.end, message)


def find_bare(parsed: ParsedText, context: CheckContext) -> Iterator[Place]:
    """Find domains without a scheme, because networks link them without https."""
    del context
    for link in parsed.links:
        if not link.scheme:
            replacement = f"https://{parsed.raw[link.start : link.end]}"
            yield Place(link.start, link.end, "Укажите адрес полностью, с https://.", replacement)
