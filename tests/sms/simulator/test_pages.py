"""The pages: the phones and their texts, for people."""

import re

import pytest

from tests.sms.simulator.application import Application
from tests.sms.simulator.running import OTHER_SERVICE, PHONE, SENDER, SERVICE, SimulatorAtWork, running


def create(
    simulator: SimulatorAtWork, body: str = "Hello", *, to: str = PHONE, sender: str = SERVICE
) -> None:
    kind = "MessagingServiceSid" if sender.startswith("MG") else "From"
    assert simulator.create(**{"To": to, "Body": body, kind: sender}).status == 201


def phone_path(simulator: SimulatorAtWork) -> str:
    match = re.search(r'href="(/phones/\d+)"', simulator.get("/").body)
    assert match
    return match[1]


def test_before_the_first_text_the_page_says_what_to_do(simulator: SimulatorAtWork) -> None:
    page = simulator.get("/")
    assert page.status == 200
    assert "No text has arrived yet." in page.body


def test_a_text_is_shown_with_what_became_of_it(simulator: SimulatorAtWork) -> None:
    create(simulator, "Your appointment is tomorrow.")
    create(simulator, "Are you there?", to="+61491573003")
    simulator.settled_ledger()
    page = simulator.get("/").body
    assert "+61 491 570 156" in page
    assert "Your appointment is tomorrow." in page
    assert '<span class="status good">Delivered</span>' in page
    assert '<span class="status bad">Not delivered (30003)</span>' in page
    assert page.index("Are you there?") < page.index("Your appointment")


def test_whatever_is_in_a_text_stays_a_text(simulator: SimulatorAtWork) -> None:
    create(simulator, '<script>alert("1")</script> & more')
    simulator.reply("<b>no</b>")
    page = simulator.get("/").body
    assert "<script>" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; more" in page


def test_nothing_comes_from_elsewhere_and_nothing_runs(simulator: SimulatorAtWork) -> None:
    create(simulator)
    page = simulator.get("/")
    assert page.headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    assert "<script" not in page.body
    assert "style=" not in page.body
    assert re.findall(r'(?:src|href|action)="(?!/|#)', page.body) == []
    for name in re.findall(r'rel="stylesheet" href="([^"]+)"', page.body):
        assert simulator.get(name).headers["Content-Type"].startswith("text/css")
    assert simulator.get("/favicon.svg").headers["Content-Type"] == "image/svg+xml"


def test_every_field_has_a_label(simulator: SimulatorAtWork) -> None:
    create(simulator)
    create(simulator, sender=OTHER_SERVICE)
    page = simulator.get("/").body
    fields = re.findall(r"<(?:input|select)([^>]*)>", page)
    shown = [field for field in fields if 'type="hidden"' not in field]
    assert len(shown) == 3  # search, sender, answer
    for field in shown:
        identity = re.search(r' id="([^"]+)"', field)
        assert identity
        assert f'for="{identity[1]}"' in page


def test_an_answer_from_the_page_reaches_the_ledger(simulator: SimulatorAtWork) -> None:
    create(simulator)
    back = simulator.post_form(phone_path(simulator) + "/reply", to=SERVICE, body="I will come", q="")
    assert "I will come" in back.body
    (entry,) = simulator.ledger(direction="inbound")
    assert (entry["from"], entry["body"], entry["messaging_service_sid"]) == (PHONE, "I will come", SERVICE)


def test_the_button_stop_stops_and_the_page_shows_it(simulator: SimulatorAtWork) -> None:
    create(simulator)
    page = simulator.post_form(phone_path(simulator) + "/reply", to=SERVICE, body="", word="STOP", q="").body
    assert "Stopped Service …7777" in page
    assert simulator.create(To=PHONE, MessagingServiceSid=SERVICE, Body="x").json["code"] == 21610
    page = simulator.post_form(phone_path(simulator) + "/reply", to=SERVICE, word="START").body
    assert "Stopped" not in page
    create(simulator)


def test_an_empty_answer_is_refused_in_words(simulator: SimulatorAtWork) -> None:
    create(simulator)
    answer = simulator.post_form(phone_path(simulator) + "/reply", to=SERVICE, body="")
    assert answer.status == 400
    assert 'role="alert">A reply has between 1 and 1600 characters.' in answer.body


def test_a_phone_with_two_senders_can_choose_whom_to_answer(simulator: SimulatorAtWork) -> None:
    create(simulator)
    create(simulator, sender=SENDER)
    options = re.findall(r'<option value="([^"]+)">', simulator.get("/").body)
    assert options == [SENDER, SERVICE]


def test_a_sender_that_is_a_name_cannot_be_answered(simulator: SimulatorAtWork) -> None:
    create(simulator, sender="ClinicName")
    assert "This sender is a name. It cannot be answered." in simulator.get("/").body


@pytest.mark.parametrize("typed", ["491570156", "0491 570 156", "+61 491 570", "0061491570156", "0156"])
def test_a_number_is_found_as_people_type_it(simulator: SimulatorAtWork, typed: str) -> None:
    create(simulator)
    create(simulator, to="+61400111222")
    page = simulator.get("/", q=typed).body
    assert "+61 491 570 156" in page
    assert "+61 400 111 222" not in page


def test_a_search_without_result_says_so(simulator: SimulatorAtWork) -> None:
    create(simulator)
    assert "No phone with these digits." in simulator.get("/", q="99999").body


def test_phones_come_in_pages_and_texts_are_folded(simulator: SimulatorAtWork) -> None:
    for number in range(15):
        create(simulator, to=f"+6149157{number:04d}")
    for _ in range(7):
        create(simulator, to="+61491570000")
    first, second = simulator.get("/").body, simulator.get("/", page="2").body
    assert (first.count("<article"), second.count("<article")) == (12, 3)
    assert "3 earlier" in first
    assert 'rel="next"' in first
    assert 'rel="prev"' in second
    assert 'rel="next"' not in second


def test_one_phone_shows_its_whole_conversation(simulator: SimulatorAtWork) -> None:
    for number in range(9):
        create(simulator, f"text {number}")
    page = simulator.get(phone_path(simulator)).body
    assert page.count("<li ") == 9
    assert page.index("text 0") < page.index("text 8")
    assert simulator.get("/phones/999999999").status == 404


def test_the_page_refreshes_only_if_asked(simulator: SimulatorAtWork) -> None:
    assert "http-equiv" not in simulator.get("/").body
    assert '<meta http-equiv="refresh" content="3">' in simulator.get("/", refresh="on").body


def test_the_endings_are_explained(simulator: SimulatorAtWork) -> None:
    page = simulator.get("/").body
    assert "Server error, yet created" in page
    simulator.set(magic_endings=False)
    assert "Switched off by a setting" in simulator.get("/").body


def test_a_foreign_page_cannot_post(simulator: SimulatorAtWork) -> None:
    create(simulator)
    path = phone_path(simulator) + "/reply"
    for headers in ({"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}, {"Origin": "null"}):
        assert simulator.request("POST", path, data=b"word=STOP", **headers).status == 403
    assert simulator.ledger(direction="inbound") == []
    same = simulator.request(
        "POST", path, data=b"word=STOP", Origin=simulator.origin, Sec_Fetch_Site="same-origin"
    )
    assert same.status != 403


def test_the_numbers_at_the_top_count(simulator: SimulatorAtWork) -> None:
    create(simulator)
    create(simulator, to="+61491573003")
    simulator.create(To="+61491571211", From=SENDER, Body="x")
    simulator.reply("Hi")
    simulator.settled_ledger()
    counts = dict(re.findall(r"<dt>([^<]+)</dt><dd[^>]*>([^<]+)</dd>", simulator.get("/").body))
    assert counts == {
        "Texts": "2", "On the way": "0", "Delivered": "1", "Not delivered": "1", "Answers": "1", "Refused": "1",
    }  # fmt: skip


def test_an_answer_tells_whether_the_application_knows() -> None:
    with running(inbound_urls=["http://127.0.0.1:9/"]) as simulator:
        create(simulator)
        simulator.reply("Hi")
        assert "The application did not answer" in simulator.get("/").body
        simulator.set(inbound_urls=[])
        simulator.reply("Hi again")
        assert "Nobody to tell: no inbound address is set" in simulator.get("/").body


@pytest.mark.parametrize(
    ("answers", "words"), [(204, "The application knows"), (403, "The application answered 403")]
)
def test_an_answer_tells_what_the_application_said(
    simulator: SimulatorAtWork, application: Application, answers: int, words: str
) -> None:
    simulator.set(inbound_urls=[application.origin])
    application.answers = answers
    simulator.reply("Hi", to=SENDER)
    assert words in simulator.get("/").body
