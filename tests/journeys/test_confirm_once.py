"""Twenty confirmations of one group SMS at once, over HTTP, as a trembling hand or a bad network makes them."""

import re
from concurrent.futures import ThreadPoolExecutor

import requests

from tests.journeys.clinic import SERVICE_NUMBERS, Clinic


def test_twenty_confirmations_at_once_send_once(clinic: Clinic) -> None:
    session = log_in(clinic)
    page = session.get(f"{clinic.url}/sms/new/")
    form = {"csrfmiddlewaretoken": csrf(page.text), "body": "Closed on Friday (twenty)."}
    review = session.post(f"{clinic.url}/sms/new/", data=form)
    confirmation = dict(re.findall(r'name="(reviewed|number)" value="(\w+)"', review.text))
    confirmation["csrfmiddlewaretoken"] = csrf(review.text)

    def confirm(_: int) -> int:
        answer = requests.post(review.url, data=confirmation, cookies=session.cookies, timeout=60)
        return answer.status_code

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(confirm, range(20))) == {200}

    expected = clinic.numbers(SERVICE_NUMBERS)
    assert clinic.until_texted("(twenty)", len(expected)) == expected
    sent = "SELECT count(*) FROM sms_groupmessage WHERE body LIKE '%(twenty)%' AND status <> 'draft'"
    assert clinic.ask(sent) == [(1,)]


def log_in(clinic: Clinic) -> requests.Session:
    session = requests.Session()
    page = session.get(f"{clinic.url}/accounts/login/", timeout=30)
    form = {
        "csrfmiddlewaretoken": csrf(page.text),
        "username": "manager",
        "password": clinic.logins["manager"],
    }
    session.post(f"{clinic.url}/accounts/login/", data=form, timeout=30)
    return session


def csrf(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found
    return found[1]
