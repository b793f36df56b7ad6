"""Measure the latency of monitoring at 10 thousand, 1 million and 10 million submissions.

    python -m bench.monitoring [sqlite|postgresql] [count …]

One statement inserts the submissions (three years, all current municipalities, four ways of filling in, four sources,
a comment in every tenth); the counters are computed by the queries of the service, the comments are taken from a list
of sentences. A server process is then queried over HTTP. For each query the first latency and the minimum, median and
maximum of the others are printed in milliseconds, with the resident memory of the server. On a shared machine the
minimum is the most reliable.
"""

import json
import statistics
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel, select

from app.cli import migrate, seed
from app.core import clock
from app.core.db import month_of, to_driver_url
from app.core.ids import new_id
from app.interaction_points.models import Point
from app.organizations.models import Organization
from app.organizations.rules import OrganizationKind
from app.surveys import counters
from app.surveys.comment_indexer import prepare_comment
from app.surveys.models.forms import SurveyForm
from app.surveys.rules.counts import Span
from bench.serving import for_each_database, get_resident_mib, run_server
from tests.conftest import settings_for
from tests.servers import Server

DAYS = 3 * 365
REPEATS = 15
SENTENCES = [
    f"{verb} {what} {where}"
    for verb in ("Не нашёл", "Нет", "Где взять", "Трудно найти", "Не обновляется")
    for what in ("телефон отдела", "расписание приёма", "условия займа", "график выплат", "список документов")
    for where in ("на сайте", "в канале", "для предпринимателей", "для самозанятых")
]
RARE = "Непонятно, куда подать жалобу на велосипедную стоянку"

comments: sa.Table = counters.comments
lemmas: sa.Table = SQLModel.metadata.tables["survey_comment_lemmas"]

_POSTGRES = """
INSERT INTO survey_submissions (id, version, form_id, form, form_version, organization_id, municipality, received_at,
                                counted_on, source, satisfaction, answers, came_from_point_id)
SELECT gen_random_uuid(), 1, :form_id, 'information-access', 1, :organization_id,
       m.codes[1 + n % array_length(m.codes, 1)], now(), :first + (n::bigint * 7919 % :days)::int,
       (ARRAY['web', 'paper', 'feedback_platform', 'import'])[1 + n / 3 % 4],
       1 + (n * 31 % 10 < 3)::int,
       jsonb_build_object('satisfaction', 1 + (n * 31 % 10 < 3)::int, 'comments',
           CASE WHEN n % 10 = 0 THEN jsonb_build_object('vk', 'x') ELSE '{}'::jsonb END,
           'source_usage', jsonb_build_object('official_site', 1 + n % 3, 'telegram', 1 + n / 2 % 3,
                                              'vk', 1 + n / 3 % 3, 'ok', 1 + n / 5 % 3),
           'ease_of_finding', jsonb_build_object('official_site', 1 + n % 5, 'telegram', 1 + n / 2 % 5,
                                                 'vk', 1 + n / 10 % 3, 'ok', 1 + n / 5 % 5)),
       p.ids[1 + n / 7 % array_length(p.ids, 1)]
FROM generate_series(1, :count) AS n,
     (SELECT array_agg(oktmo ORDER BY oktmo) AS codes FROM municipalities WHERE valid_to IS NULL) AS m,
     (SELECT array_agg(id ORDER BY id) AS ids FROM interaction_points) AS p
"""
_SQLITE = """
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count),
     m AS (SELECT oktmo, row_number() OVER (ORDER BY oktmo) - 1 AS place, count(*) OVER () AS many
           FROM municipalities WHERE valid_to IS NULL),
     p AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS many FROM interaction_points)
INSERT INTO survey_submissions (id, version, form_id, form, form_version, organization_id, municipality, received_at,
                                counted_on, source, satisfaction, answers, came_from_point_id)
SELECT lower(hex(randomblob(16))), 1, :form_id, 'information-access', 1, :organization_id,
       (SELECT oktmo FROM m WHERE place = n % many), datetime('now'), date(:first, (n * 7919 % :days) || ' days'),
       CASE n / 3 % 4 WHEN 0 THEN 'web' WHEN 1 THEN 'paper' WHEN 2 THEN 'feedback_platform' ELSE 'import' END,
       1 + (n * 31 % 10 < 3),
       json_object('satisfaction', 1 + (n * 31 % 10 < 3), 'comments',
           CASE WHEN n % 10 = 0 THEN json_object('vk', 'x') ELSE json_object() END,
           'source_usage', json_object('official_site', 1 + n % 3, 'telegram', 1 + n / 2 % 3,
                                       'vk', 1 + n / 3 % 3, 'ok', 1 + n / 5 % 3),
           'ease_of_finding', json_object('official_site', 1 + n % 5, 'telegram', 1 + n / 2 % 5,
                                          'vk', 1 + n / 10 % 3, 'ok', 1 + n / 5 % 5)),
       (SELECT id FROM p WHERE place = n / 7 % many)
FROM numbers
"""


def fill(address: str, count: int) -> None:
    """Insert submissions with their counters and comments by set-based statements."""
    url = to_driver_url(address)
    engine = sa.create_engine(url.set(drivername="sqlite") if url.get_backend_name() == "sqlite" else url)
    is_postgres = engine.dialect.name == "postgresql"
    with engine.begin() as connection:
        if is_postgres:
            connection.execute(sa.text("SET LOCAL synchronous_commit = off"))
            connection.execute(sa.text("SET LOCAL work_mem = '1GB'"))
            connection.execute(sa.text("SET LOCAL maintenance_work_mem = '1GB'"))
            connection.execute(sa.text("SET LOCAL session_replication_role = replica"))  # skips the foreign key checks
            for index in counters.submissions.indexes:
                index.drop(connection)
        ministry = select(Organization.id).where(Organization.kind == OrganizationKind.MINISTRY)
        form_id = connection.execute(select(SurveyForm.id)).scalars().first()
        organization_id = connection.execute(ministry).scalar_one()
        assert form_id is not None and connection.execute(select(Point.id)).first() is not None
        ids: dict[str, Any] = {"form_id": form_id, "organization_id": organization_id}
        ids = ids if is_postgres else {name: value.hex for name, value in ids.items()}
        first = clock.today() - timedelta(days=DAYS - 1)
        parameters = ids | {"first": first if is_postgres else first.isoformat(), "days": DAYS, "count": count}
        connection.execute(sa.text(_POSTGRES if is_postgres else _SQLITE), parameters)
        for index in counters.submissions.indexes if is_postgres else ():
            index.create(connection)
        parts = counters.select_cells(counters.submissions, sa.literal(1), engine.dialect.name, counters.ANSWERED)
        columns = ["span", *counters.DIMENSIONS, *counters.VALUES]
        sums = counters.sum_cells(parts, Span.DAY)
        connection.execute(sa.insert(counters.counts).from_select(columns, sums))
        days = sa.select(counters.counts).where(counters.counts.c.span == Span.DAY).subquery()
        cells = sa.select(*counters.cast_enums(days, (*counters.DIMENSIONS, *counters.VALUES)))
        # The daily counters are summed, to avoid reading the submissions again.
        months = counters.sum_cells([cells], Span.MONTH)
        connection.execute(sa.insert(counters.counts).from_select(columns, months))
        _fill_comments(connection)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))
    engine.dispose()


def _fill_comments(connection: sa.Connection) -> None:
    """Insert the comments: the sentences of the list in turn, and one rare sentence once."""
    sentences = sa.Table(
        "bench_sentences",
        sa.MetaData(),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("text", sa.Text),
        prefixes=["TEMPORARY"],
    )
    words = sa.Table(
        "bench_words",
        sa.MetaData(),
        sa.Column("place", sa.Integer),
        sa.Column("lemma", sa.Text),
        prefixes=["TEMPORARY"],
    )
    sentences.create(connection)
    words.create(connection)
    for place, text in enumerate(SENTENCES):
        connection.execute(sa.insert(sentences).values(place=place, text=text))
        for form in prepare_comment(text).lemmas:
            connection.execute(sa.insert(words).values(place=place, lemma=form))
    rows = counters.submissions
    has_text = sa.cast(rows.c.answers["comments"], sa.Text) != "{}"
    if connection.dialect.name != "postgresql":
        has_text = sa.func.json_extract(rows.c.answers, "$.comments.vk").is_not(None)
    number = sa.func.row_number().over(order_by=rows.c.id)
    score = rows.c.answers["ease_of_finding"]["vk"].as_integer()
    copied = ("organization_id", "form_id", "municipality", "source", "counted_on")
    numbered = sa.select(
        rows.c.id, *[rows.c[name] for name in copied], score.label("score"), (number % len(SENTENCES)).label("place")
    ).where(has_text)
    source = numbered.subquery()
    found = sa.select(
        source.c.id, source.c.id, *[source.c[n] for n in copied], sa.literal("vk"), source.c.score, sentences.c.text
    )
    columns = ["id", "submission_id", *copied, "row_key", "score", "text"]
    found = found.join(sentences, sentences.c.place == source.c.place)
    connection.execute(sa.insert(comments).from_select(columns, found))
    forms = sa.select(words.c.lemma, comments.c.id).join(sentences, sentences.c.place == words.c.place)
    forms = forms.join(comments, comments.c.text == sentences.c.text)
    connection.execute(sa.insert(lemmas).from_select(["lemma", "comment_id"], forms))
    rare = connection.execute(sa.select(comments).limit(1)).mappings().one()
    rare_comment = dict(rare) | {"id": new_id(), "submission_id": new_id(), "text": RARE}
    connection.execute(sa.insert(comments).values(rare_comment))
    connection.execute(
        sa.insert(lemmas), [{"lemma": form, "comment_id": rare_comment["id"]} for form in prepare_comment(RARE).lemmas]
    )
    for span in Span:
        day: Any = comments.c.counted_on if span is Span.DAY else month_of(comments.c.counted_on)
        keys = [comments.c[name] for name in ("organization_id", "form_id", "municipality", "source", "row_key")]
        sums = [sa.func.sum(sa.case((comments.c.score == value, 1), else_=0)) for value in range(1, 6)]
        score_sums = sa.select(sa.literal("comments"), sa.literal(span.value), day, *keys, *sums).group_by(day, *keys)
        names = ["question", "span", "day", "organization_id", "form_id", "municipality", "source", "row_key"]
        counted = sa.insert(counters.counts).from_select([*names, *counters.VALUES], score_sums)
        connection.execute(counted)


def list_queries() -> dict[str, str]:
    """Return the queries by their names in the table."""
    today = clock.today()
    year = f"from={today - timedelta(days=364)}&to={today}"
    month = f"from={today - timedelta(days=29)}&to={today}"
    return {
        "satisfaction, all time": "satisfaction",
        "satisfaction, 30 days by day": f"satisfaction?{month}&group_by=day",
        "satisfaction, a year by month": f"satisfaction?{year}&group_by=month",
        "satisfaction, a year by municipality": f"satisfaction?{year}&group_by=municipality",
        "sources, a year by month": f"sources?{year}&group_by=month",
        "findability, a year by municipality": f"findability?{year}&group_by=municipality",
        "channel parity, a year": f"channel-parity?{year}",
        "comments, the newest of a year": f"comments?{year}",
        "comments, a common word": f"comments?{year}&q=телефоны",
        "comments, a rare word": "comments?q=велосипедный",
        "comments, three words": f"comments?{year}&q=условие займы самозанятый",
    }


def measure(server: Server, headers: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Return the first latency of each query, and the minimum, median and maximum of the others, in milliseconds."""
    latencies = {}
    for name, query in list_queries().items():
        times = []
        for _ in range(REPEATS + 1):
            started_at = time.perf_counter()
            response = server.get(f"/monitoring/{query}", headers=headers)
            times.append((time.perf_counter() - started_at) * 1000)
            assert response.status_code == 200, response.text
        first, *others = times
        median = statistics.median(others)
        values = {"first": first, "fastest": min(others), "median": median, "slowest": max(others)}
        latencies[name] = {key: round(value, 1) for key, value in values.items()}
    return latencies


def run(address: str, folder: Path, count: int) -> dict[str, tuple[float, float]]:
    """Fill a database, start a server, and return the minimum and median latency of each query."""
    settings = settings_for(address, folder)
    migrate(settings)
    seed(settings)
    started_at = time.monotonic()
    fill(address, count)
    fill_seconds = round(time.monotonic() - started_at)
    labels = {"database": address.partition(":")[0], "rows": count}
    with run_server(address, folder / "var") as server:
        headers = server.sign_in("client_centricity")
        idle = get_resident_mib(server.pid)
        latencies = measure(server, headers)
        memory = {"rss_idle": idle, "rss_after": get_resident_mib(server.pid)}
    print(json.dumps({**labels, "filled_in_s": fill_seconds, **memory}), flush=True)
    for name, times in latencies.items():
        print(json.dumps({**labels, "what": name, **times}, ensure_ascii=False), flush=True)
    return {name: (times["fastest"], times["median"]) for name, times in latencies.items()}


def main() -> None:
    """Measure each database at each row count and print a table."""
    figures: dict[str, dict[str, tuple[float, float]]] = {}

    def work(address: str, folder: Path, count: int) -> None:
        figures[f"{address.partition(':')[0]} {count:,}"] = run(address, folder, count)

    for_each_database(work, sqlite=[10_000, 1_000_000], postgresql=[10_000, 1_000_000, 10_000_000])
    print("\n| ms, fastest / median | " + " | ".join(figures) + " |")
    print("| --- |" + " ---: |" * len(figures))
    for name in list_queries():
        cells = [f"{latencies[name][0]:.0f} / {latencies[name][1]:.0f}" for latencies in figures.values()]
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
