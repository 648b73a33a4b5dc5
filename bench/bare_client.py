"""The floor of sending: aiohttp and nothing else, making the same POSTs, 50 at a time.

    python -m bench.bare_client ORIGIN NUMBER

Prints the seconds and the processor seconds that it took.
"""

import asyncio
import json
import sys
import time
from urllib.parse import urlencode

import aiohttp

AT_ONCE = 50


async def _post(origin: str, number: int) -> None:
    left = iter(range(number))
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Authorization": aiohttp.encode_basic_auth("AC" + "0" * 32, "token"),
    }
    url = f"{origin}/2010-04-01/Accounts/AC{'0' * 32}/Messages.json"

    async def keep_posting(session: aiohttp.ClientSession) -> None:
        for i in left:
            form = {
                "To": f"+614{i:08}",
                "Body": f"Hello Patient, we are closed this afternoon, number {i}. Yours, the clinic.",
                "MessagingServiceSid": "MG" + "1" * 32,
                "StatusCallback": f"https://sms.example.org/twilio/status/{i:032x}/",
                "ValidityPeriod": "36000",
            }
            async with session.post(url, data=urlencode(form), headers=headers) as answer:
                assert answer.status == 201
                assert json.loads(await answer.text())["sid"]

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:
        await asyncio.gather(*(keep_posting(session) for _ in range(AT_ONCE)))


def main(origin: str, number: int) -> None:
    wall, processor = time.perf_counter(), time.process_time()
    asyncio.run(_post(origin, number))
    seconds, used = time.perf_counter() - wall, time.process_time() - processor
    print(json.dumps({"number": number, "seconds": seconds, "processor_seconds": used}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
