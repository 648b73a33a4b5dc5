"""What comes over the line between the browser and the server, as the server sends it."""

from typing import Any

from playwright.sync_api import Page

HEAVIEST = 150_000  # bytes
MOST_REQUESTS = 12


class Line:
    """Of the page loaded last: its `status`, and what it took to load it with nothing kept from before.

    What a page asks for again and again counts once. `troubles` are of all pages since they were last taken.
    """

    def __init__(self, page: Page) -> None:
        self.status, self.bytes, self.troubles = 0, 0, list[str]()
        self._redirects = 0
        self._asked_for: dict[str, str] = {}
        self._again: set[str] = set()
        self._session = page.context.new_cdp_session(page)
        self._session.on("Network.requestWillBeSent", self._asked)
        self._session.on("Network.responseReceived", self._answered)
        self._session.on("Network.loadingFinished", self._came)
        self._session.on("Network.loadingFailed", self._failed)
        self._session.send("Network.enable")
        self._session.send("Network.setCacheDisabled", {"cacheDisabled": True})

    @property
    def requests(self) -> int:
        return len(set(self._asked_for.values())) + self._redirects

    def heavy(self) -> list[str]:
        found = []
        if self.bytes > HEAVIEST:
            found.append(f"weighs {self.bytes:,} bytes")
        if self.requests > MOST_REQUESTS:
            found.append(f"makes {self.requests} requests")
        return found

    def take_troubles(self) -> list[str]:
        taken, self.troubles = self.troubles, []
        return taken

    def _asked(self, event: Any) -> None:
        url, redirect = event["request"]["url"], event.get("redirectResponse")
        if url.startswith("data:"):
            return
        if event["type"] == "Document" and not redirect:
            self.bytes = self._redirects = 0
            self._asked_for.clear()
            self._again.clear()
        if redirect:
            self._redirects += 1
            self.bytes += int(redirect["encodedDataLength"])
        elif url in self._asked_for.values():
            self._again.add(event["requestId"])
        self._asked_for[event["requestId"]] = url

    def _answered(self, event: Any) -> None:
        answer = event["response"]
        if event["type"] == "Document":
            self.status = answer["status"]
        elif answer["status"] >= 400:
            self.troubles.append(f"{answer['url']} answers {answer['status']}")

    def _came(self, event: Any) -> None:
        if event["requestId"] in self._asked_for.keys() - self._again:
            self.bytes += int(event["encodedDataLength"])

    def _failed(self, event: Any) -> None:
        # A page that is left takes its open questions with it.
        if not event.get("canceled"):
            self.troubles.append(f"{self._asked_for.get(event['requestId'])}: {event['errorText']}")
