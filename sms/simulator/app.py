"""The addresses of the simulator, and who answers at each."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from sms.simulator import control, reading, sending
from sms.simulator.answers import refuse, refused_access
from sms.simulator.errors import refusal
from sms.simulator.pages import views as pages
from sms.simulator.pages.layout import STYLESHEETS
from sms.simulator.simulator import SIMULATOR, Simulator, simulator_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MESSAGES = "/2010-04-01/Accounts/{account_sid}/Messages"


def make_app(simulator: Simulator) -> web.Application:
    app = web.Application()
    app[SIMULATOR] = simulator
    app.add_routes(
        [
            web.post(f"{MESSAGES}.json", sending.create_message),
            web.get(f"{MESSAGES}.json", reading.list_messages),
            web.get(f"{MESSAGES}/{{message_sid}}.json", reading.fetch_message),
            web.route("*", "/2010-04-01/Accounts/{account_sid}{rest:.*}", _unknown_resource),
            web.get("/_simulator/healthz", control.healthz),
            web.get("/_simulator/ledger.json", control.read_ledger),
            web.delete("/_simulator/ledger", _from_here(control.reset_ledger)),
            web.get("/_simulator/posts.json", control.read_posts),
            web.get("/_simulator/summary.json", control.read_summary),
            web.get("/_simulator/settings", control.read_settings),
            web.post("/_simulator/settings", _from_here(control.change_settings)),
            web.post("/_simulator/inbound", _from_here(control.reply)),
            web.get("/", pages.phones),
            web.get("/phones/{phone_id:[0-9]{1,9}}", pages.phone),
            web.post("/phones/{phone_id:[0-9]{1,9}}/reply", _from_here(pages.reply)),
            *(web.get(f"/{name}", pages.stored) for name in (*STYLESHEETS, "favicon.svg")),
        ]
    )
    return app


async def _unknown_resource(request: web.Request) -> web.Response:
    refused = refused_access(request, simulator_of(request))
    if refused:
        return refuse(refused)
    known = f"{MESSAGES}.json".format(account_sid=request.match_info["account_sid"])
    return refuse(refusal(20004) if request.path == known else refusal(20404, value=request.path))


def _from_here(handler: Handler) -> Handler:
    """Refuse what a foreign web page makes the browser post: the simulator has no log-in that would stop it."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        same = origin is None or origin.partition("://")[2] == request.host
        if not same or request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            raise web.HTTPForbidden(text="This address answers to its own pages only.\n")
        return await handler(request)

    return guarded
