"""What one has in the hand at the second step of a log-in: a phone with an app, or a security key."""

import base64
import hashlib
import hmac
import struct

from playwright.sync_api import Page


def app_shows(secret: str, *, at: float) -> str:
    """The code on the phone: RFC 6238, said a second time so that the library is not its own judge."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(at) // 30), hashlib.sha1)
    raw = digest.digest()
    start = raw[-1] & 15
    return f"{(struct.unpack('>I', raw[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def plug_in_a_key(page: Page) -> None:
    """One that Chromium plays, and that is touched whenever it is asked for."""
    key = page.context.new_cdp_session(page)
    key.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "usb", "automaticPresenceSimulation": True}
    key.send("WebAuthn.addVirtualAuthenticator", {"options": options})
