"""A client generated from the OpenAPI document performs the main scenario."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ROOT, Server

JOB = """
import json, sys, time
from datetime import datetime, timezone
sys.path.insert(0, sys.argv[1])
base_url, tokens = sys.argv[2], json.loads(sys.argv[3])
from generated import AuthenticatedClient, Client
from generated.api.interaction_points import list_public_points
from generated.api.messages import get_message, register_message, triage_message
from generated.api.replies import approve_reply, draft_reply, get_reply, send_reply, submit_reply
from generated.api.reply_templates import list_templates
from generated.api.survey_submissions import submit_survey
from generated.api.monitoring import get_satisfaction
from generated import models as m

clients = {role: AuthenticatedClient(base_url=base_url, token=token) for role, token in tokens.items()}
anyone = Client(base_url=base_url)
point = list_public_points.sync(client=anyone, channel="vk").items[0]
message = register_message.sync(
    client=clients["integration"], idempotency_key="k1",
    body=m.MessageCreate(
        interaction_point_id=point.id, kind=m.MessageKind.COMMENT, external_id="wall-1_1", text="Где узнать про заём?",
        received_at=datetime.now(timezone.utc), client=m.Client(kind=m.ClientKind.INDIVIDUAL, name="Иван П."),
    ),
)
def tag(response): return response.headers["etag"]
message_tag = tag(get_message.sync_detailed(client=clients["operator"], message_id=message.id))
triaged = triage_message.sync(
    client=clients["operator"], message_id=message.id, if_match=message_tag,
    body=m.MessageTriage(competence=m.Competence.WITHIN, unit_id=message.unit_id, need=m.Need(summary="Заём")),
)
assert triaged.state == m.MessageState.TRIAGED, triaged
template = next(t for t in list_templates.sync(client=clients["operator"], state=m.TemplateState.PUBLISHED).items
                if set(t.placeholders) <= {"имя", "ссылка"})
values = m.ReplyCreateValues.from_dict({"имя": "Иван", "ссылка": "https://mbnso.ru"})
reply = draft_reply.sync(
    client=clients["operator"], message_id=message.id,
    body=m.ReplyCreate(kind=m.ReplyKind.ANSWER, template_id=template.id, values=values),
)
for role, act in (("operator", submit_reply), ("unit_head", approve_reply), ("operator", send_reply)):
    current = get_reply.sync_detailed(client=clients[role], message_id=message.id, reply_id=reply.id)
    result = act.sync(
        client=clients[role], message_id=message.id, reply_id=reply.id, if_match=tag(current), body=m.EmptyBody(),
    )
    assert isinstance(result, m.ReplyRead), result
for _ in range(100):
    answered = get_message.sync(client=clients["integration"], message_id=message.id)
    if answered.state == m.MessageState.ANSWERED:
        break
    time.sleep(0.05)
assert answered.state == m.MessageState.ANSWERED and answered.replies[0].text.startswith("Здравствуйте, Иван!")
codes = {"12": "50701000", "21": 1, **{f"22.{n}": 1 for n in range(1, 5)}, **{f"23.{n}": 5 for n in range(1, 5)}}
answers = m.SubmissionCreateAnswers.from_dict(codes)
submission = submit_survey.sync(client=anyone, body=m.SubmissionCreate(form="information-access", answers=answers))
assert isinstance(submission, m.SubmissionRead), submission
total = get_satisfaction.sync(client=clients["client_centricity"]).total
print(total.n, total.satisfied, total.low, total.high)
"""


@pytest.mark.order("O-6.2.1", "O-6.2.3b", "O-11")
def test_a_generated_client_performs_the_main_scenario(server: Server, tmp_path: Path) -> None:
    bin_folder = Path(sys.executable).parent
    config = tmp_path / "config.yaml"
    sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    kinds = ("text/csv", "application/pdf", "image/svg+xml", sheet)
    overrides = "".join(
        f"  {kind}: application/octet-stream\n" for kind in kinds
    )  # the generator supports few media types by default
    names = "project_name_override: generated\npackage_name_override: generated\npost_hooks: []\n"
    config.write_text(f"{names}content_type_overrides:\n{overrides}")
    document = ROOT / "openapi" / "openapi.json"
    command = [str(bin_folder / "openapi-python-client"), "generate", "--path", str(document), "--config", str(config)]
    generated = subprocess.run(
        [*command, "--meta", "none", "--output-path", str(tmp_path / "lib" / "generated")],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert generated.returncode == 0, generated.stdout + generated.stderr
    assert "WARNING" not in generated.stdout + generated.stderr, generated.stdout + generated.stderr
    roles = ("integration", "operator", "unit_head", "client_centricity")
    tokens = {role: server.sign_in(role)["Authorization"].removeprefix("Bearer ") for role in roles}
    script = tmp_path / "job.py"
    script.write_text(JOB)
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "lib"), server.base_url, json.dumps(tokens)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split() == ["1", "1", "0.2065", "1.0"]
