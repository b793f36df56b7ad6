"""Pages of the documentation that are made from the code: settings and problems."""

from pydantic_settings import BaseSettings

from app.core.problems import list_problem_classes


def build_settings_page(settings: type[BaseSettings]) -> str:
    """`docs/settings.md`."""
    lines = [
        "# Settings",
        "",
        "Every setting is an environment variable. This page is made from the code (`make docs`); a test holds it so.",
        "",
        "| variable | default | what it is |",
        "|---|---|---|",
    ]
    for name, field in settings.model_fields.items():
        default = field.get_default()
        shown = default.get_secret_value() if hasattr(default, "get_secret_value") else default
        told = f"`{getattr(shown, 'value', shown)}`" if str(shown) else "(empty)"
        lines.append(f"| `APP_{name.upper()}` | {told} | {field.description} |")
    return "\n".join(lines) + "\n"


def build_problems_page() -> str:
    """`docs/problems.md`."""
    lines = [
        "# Problems",
        "",
        "Every refusal is an RFC 9457 problem document with a stable `code`. This page is made from the code",
        "(`make docs`); a test holds it there.",
        "",
        "| status | code | title | when |",
        "|---|---|---|---|",
    ]
    rows = {
        (int(problem.status), problem.code): f"| {int(problem.status)} | `{problem.code}` "
        f"| {problem.title_ru} / {problem.title_en} | {(problem.__doc__ or '').splitlines()[0]} |"
        for problem in list_problem_classes()
    }
    return "\n".join([*lines, *(rows[key] for key in sorted(rows))]) + "\n"
