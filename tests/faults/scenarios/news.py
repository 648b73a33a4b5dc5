"""Callbacks: in every order, twice, lost, before the answer, forged, played again."""

import itertools
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from aiohttp import ClientSession, TCPConnector

from sms.simulator.signing import signature
from tests.faults.bad_network import News, Post
from tests.faults.programs import wait_until
from tests.faults.stage import Scenario, Stage
from tests.sms import twilio

ROW = "callbacks: all orders of five statuses, each repeated, 10 % lost, before the 201; forged; replayed"
STATUSES = ("accepted", "queued", "sending", "sent", "delivered")
ORDERS = list(itertools.permutations(STATUSES))


def every_order(stage: Stage) -> None:
    """120 people, each with an order of their own; every word twice, one in ten lost, but never all of the last.

    Half of the runs hear it before the answer to the POST, half after.
    """
    before = stage.run % 2 == 0
    stage.world.twilio.set(callbacks=False)
    orders = dict(enumerate(ORDERS))
    todo: list[tuple[str, str, str, tuple[str, ...]]] = []
    session: list[ClientSession] = []
    told: list[str] = []

    async def tell(post: Post, body: bytes) -> None:
        sid = json.loads(body)["sid"]
        order = orders[(post.number - 1) % len(orders)]
        if not before:
            todo.append((post.callback, sid, post.to, order))
            return
        session[:] = session or [ClientSession(connector=TCPConnector(force_close=True))]
        for word in _as_it_arrives(stage, order):
            form = _form(sid, post.to, word)
            headers = {"X-Twilio-Signature": signature(post.callback, form, twilio.TOKEN)}
            async with session[0].post(
                post.callback, data=urlencode(form), headers=_typed(headers)
            ) as answer:
                stage.must(answer.status == 204, f"news before the answer was answered {answer.status}")
        told.append(sid)

    stage.people(len(ORDERS))
    stage.world.to_twilio.before_answer = tell
    stage.group_sms()
    stage.until_posted(len(ORDERS))
    if before:
        wait_until(lambda: len(told) == len(ORDERS), "all to be told")
    else:
        _tell_all(stage, todo)
    stage.over()
    stage.world.settle()
    if session:
        stage.world.loop.run(session[0].close())


def _tell_all(stage: Stage, todo: list[tuple[str, str, str, tuple[str, ...]]]) -> None:
    while len(todo) < len(ORDERS):
        time.sleep(0.05)

    def tell(one: tuple[str, str, str, tuple[str, ...]]) -> None:
        address, sid, to, order = one
        for word in _as_it_arrives(stage, order):
            post(address, _form(sid, to, word))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(tell, todo))


def _as_it_arrives(stage: Stage, order: tuple[str, ...]) -> list[str]:
    """Each word twice and one in ten lost. The last word comes at least once, or nobody could know it."""
    twice = [word for word in order for _ in range(2)]
    kept = [word for word in twice if stage.chance.random() > 0.1]
    return kept if "delivered" in kept else [*kept, "delivered"]


def _form(sid: str, to: str, word: str) -> dict[str, str]:
    return {"AccountSid": twilio.ACCOUNT, "MessageSid": sid, "MessageStatus": word, "To": to}


def _typed(headers: dict[str, str]) -> dict[str, str]:
    return headers | {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}


def post(address: str, form: dict[str, str], *, signed_with: str = twilio.TOKEN, **headers: str) -> int:
    """A callback of our own making; returns the status of the answer."""
    given = {"X-Twilio-Signature": signature(address, form, signed_with)} | headers
    return requests.post(address, data=urlencode(form), headers=_typed(given), timeout=30).status_code


def badly_delivered(stage: Stage) -> None:
    """A tenth lost, a third twice, all late and in disorder; what was lost is looked up, or waits for a look-up."""
    stage.world.to_us.news = News(lose=0.1, twice=0.33, delay=0.3, chance=stage.chance)
    stage.world.twilio.set(reorder=0.5)
    stage.people()
    stage.group_sms()
    stage.until_posted(200)
    stage.over()
    stage.lost_news = True


def forged(stage: Stage) -> None:
    """A thousand callbacks that Twilio did not sign, while its own do not come: each says "not delivered"."""
    stage.world.twilio.set(callbacks=False)
    stage.lost_news = True
    stage.people()
    stage.group_sms()
    stage.until_posted(200)
    stage.world.settle()
    before = _standing(stage)
    texts = stage.world.twilio.texts()
    forgeries = [_forgery(stage, texts[number % len(texts)], number) for number in range(1000)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(_send_forgery, forgeries))
    stage.over()
    stage.must(set(answers) == {403}, f"forgeries were answered {sorted(set(answers))}")
    stage.must(_standing(stage) == before, "a forgery changed something")


def _forgery(stage: Stage, text: dict[str, Any], number: int) -> tuple[str, dict[str, str], str]:
    address = text["status_callback"]
    form = _form(text["sid"], text["to"], "undelivered") | {"ErrorCode": "30005"}
    right = signature(address, form, twilio.TOKEN)
    honest = _form(text["sid"], text["to"], "delivered")
    kinds = [
        "",
        "x" * 28,
        signature(address, form, "another token"),
        signature(address, honest, twilio.TOKEN),
        signature(address + "?a=1", form, twilio.TOKEN),
        signature(address, form, "")[::-1],
        right.lower() if right.lower() != right else right[1:],
        right[:-2],
    ]
    return address, form, kinds[number % len(kinds)]


def _send_forgery(forgery: tuple[str, dict[str, str], str]) -> int:
    address, form, signed = forgery
    return post(address, form, **{"X-Twilio-Signature": signed})


def replayed(stage: Stage) -> None:
    """Everything that Twilio ever said is said again, in disorder, three times."""
    stage.people()
    stage.group_sms()
    stage.until_posted(200)
    stage.world.settle()
    before, seen = _standing(stage), list(stage.world.to_us.seen) * 3
    stage.chance.shuffle(seen)

    def again(one: Any) -> int:
        address = stage.world.to_us.url + urlsplit(one.path).path
        headers = _typed({"X-Twilio-Signature": one.signature})
        return requests.post(address, data=one.body, headers=headers, timeout=30).status_code

    with ThreadPoolExecutor(6) as pool:
        answers = set(pool.map(again, seen))
    stage.over()
    stage.must(answers == {204}, f"news of old was answered {sorted(answers)}")
    stage.must(_standing(stage) == before, "news of old changed something")


def _standing(stage: Stage) -> list[tuple[Any, ...]]:
    return stage.world.ask("SELECT id, status, sid, error_code, status_at FROM sms_message ORDER BY id")


SCENARIOS = [
    Scenario("all orders of five callbacks", ROW, 2, every_order),
    Scenario("callbacks lost, repeated, late", ROW, 3, badly_delivered),
    Scenario("1,000 forged callbacks", ROW, 1, forged, smoke=True),
    Scenario("callbacks played again", ROW, 1, replayed),
]
